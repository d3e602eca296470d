package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"sallyport"
	"sallyport/internal/control"
)

type policyCommand struct {
	List policyList `cmd:"" default:"1" help:"Show all settings."`
	Get  policyGet  `cmd:"" help:"Show one setting."`
	Set  policySet  `cmd:"" help:"Change one setting. It counts at once; what has begun keeps the end that it was given, but for sessions under a shorter age."`
	Logo policyLogo `cmd:"" help:"Show, set or remove the organisation's logo at the door."`
}

type policyList struct{}

// Run prints a table.
func (c *policyList) Run(s *session) error {
	list, err := s.settings()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tVALUE\tUNIT\tDEFAULT\tRANGE")
	for _, k := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.Name, plain(k.Value), k.Unit, k.Default, k.Range)
	}
	return w.Flush()
}

func (s *session) settings() ([]control.Setting, error) {
	var list []control.Setting
	err := s.ask("policy/list", control.None{}, &list)
	return list, err
}

type policyGet struct {
	Name string `arg:"" help:"Name of the setting, as “policy list” shows it."`
}

// Run prints the value alone, for scripts.
func (c *policyGet) Run(s *session) error {
	list, err := s.settings()
	if err != nil {
		return err
	}
	for _, k := range list {
		if k.Name == c.Name {
			s.printf("%s\n", plain(k.Value))
			return nil
		}
	}
	return fmt.Errorf("there is no setting %q: sallyport policy list shows them", c.Name)
}

type policySet struct {
	Name  string `arg:"" help:"Name of the setting, as “policy list” shows it."`
	Value string `arg:"" help:"New value."`
}

// Run changes the setting and prints what is in force now.
func (c *policySet) Run(s *session) error {
	var list []control.Setting
	if err := s.ask("policy/set", control.Assignment{Name: c.Name, Value: c.Value}, &list); err != nil {
		return err
	}
	for _, k := range list {
		if k.Name == c.Name {
			s.printf("%s = %s\n", k.Name, measure(k))
			return s.means(k)
		}
	}
	return nil
}

// means says what a value leads to, where that is worth a word.
func (s *session) means(k control.Setting) error {
	switch n, err := strconv.Atoi(k.Value); {
	case k.Name == "permit-off" && k.Value == "no":
		return s.leftWithout()
	case k.Name == "password-min" && err == nil && n < 15:
		s.printf("NIST SP 800-63B-4 asks for 15 characters where a password may stand alone, and permits 8 only beside a second factor. A code by email counts as none.\n")
	}
	return nil
}

// leftWithout says who cannot sign in any more where the method Off is permitted to nobody.
func (s *session) leftWithout() error {
	var list []control.Technician
	if err := s.ask("technician/list", control.Search{}, &list); err != nil {
		return err
	}
	const most = 10
	var names []string
	for _, t := range list {
		if t.Method == sallyport.MethodOff.String() && t.Status != string(sallyport.Deactivated) {
			names = append(names, plain(t.UserName))
		}
	}
	n := len(names)
	if n == 0 {
		return nil
	}
	if n > most {
		names = append(names[:most], fmt.Sprintf("%d more", n-most))
	}
	who := fmt.Sprintf("%d technicians have", n)
	if n == 1 {
		who = "1 technician has"
	}
	s.printf("%s the method Off, and cannot sign in before another is chosen for them: %s.\n", who, strings.Join(names, ", "))
	return nil
}

// measure is a value as one reads it: a number with its unit, everything else alone.
func measure(k control.Setting) string {
	if _, err := strconv.Atoi(k.Value); err != nil {
		return plain(k.Value)
	}
	return k.Value + " " + k.Unit
}
