package console

import (
	"strings"

	"sallyport/internal/audit"
	"sallyport/internal/view"
)

// subjects are the first words of event types as people read them.
var subjects = map[string]string{"signin": "Sign-in", "session": "Session", "factor": "Second factor", "recovery": "Recovery codes",
	"password": "Password", "technician": "Technician", "invitation": "Invitation", "save": "Save", "help": "Help", "email": "Email Settings",
	"sms": "SMS Settings", "delivery": "Delivery", "policy": "Policy", "setup": "Set-up", "rescue": "Rescue", "audit": "Audit",
	"technicians": "Technicians", "backup": "Backup", "clock": "Clock", "key": "Key", "secret": "Stored secret",
	"restore": "Restore", "copy": "Copy"}

// eventWords reads a type like "factor.setup.opened" as "Second factor: setup opened".
func eventWords(t string) string {
	subject, rest, found := strings.Cut(t, ".")
	if !found {
		return t
	}
	return firstOf(subjects[subject], subject) + ": " + strings.NewReplacer("-", " ", "_", " ", ".", " ").Replace(rest)
}

// eventTypes is the list of what can be filtered for: each subject whole, and each type of it.
func eventTypes(chosen string) view.Select {
	options, last := []string{"", "Any event"}, ""
	for _, d := range audit.Types {
		t := string(d.Type)
		subject, _, _ := strings.Cut(t, ".")
		if subject != last {
			options, last = append(options, subject+".", firstOf(subjects[subject], subject)+": all"), subject
		}
		options = append(options, t, "   "+eventWords(t))
	}
	return view.Select{Name: "type", Label: "Event", Options: view.Options(chosen, options...)}
}
