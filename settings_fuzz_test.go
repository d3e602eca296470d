package sallyport_test

import (
	"reflect"
	"testing"

	"sallyport"
)

// A value that a setting takes is shown in a form that it takes again and that means the same; one that it does not take
// changes nothing.
func FuzzSetting(f *testing.F) {
	for i, value := range []string{"3", "72", "no", "yes", "  15 ", "-1", "1e3", "９", "99999999999999999999", "", "Northwind IT", "DE", "de", "\x00", "10 minutes"} {
		f.Add(uint8(i), value)
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		key := sallyport.SettingKeys[int(which)%len(sallyport.SettingKeys)]
		before := sallyport.DefaultSettings()
		s := before
		if key.Set(&s, value) != nil {
			if !reflect.DeepEqual(s, before) {
				t.Errorf("%s: %q was refused, and changed something", key.Name, value)
			}
			return
		}
		again := before
		if err := key.Set(&again, key.Get(s)); err != nil || key.Get(again) != key.Get(s) {
			t.Errorf("%s: %q is shown as %q, and that leads to %q, %v", key.Name, value, key.Get(s), key.Get(again), err)
		}
	})
}
