package store

import "testing"

// A commit that does not wait for a standby is worth a word only where there is one to be waited for; one that waits until
// the standby has it, on its disk or not yet, is not.
func TestDurability(t *testing.T) {
	for d, warnings := range map[durability]int{
		{"on", "*", "on"}:           0,
		{"on", "", "on"}:            0,
		{"remote_apply", "*", "on"}: 0,
		{"remote_write", "*", "on"}: 0,
		{"local", "", "on"}:         0,
		{"local", "*", "on"}:        1,
		{"off", "*", "on"}:          1,
		{"off", "", "off"}:          2,
	} {
		if said := d.warnings(); len(said) != warnings {
			t.Errorf("%+v: %q", d, said)
		}
	}
}
