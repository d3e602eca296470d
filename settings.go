package sallyport

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Settings are the contract's numbers and the organisation's name. They live in the database; each change is an event.
type Settings struct {
	Organisation string // the name at the door
	Country      string // ISO 3166 code that phone numbers are read with when typed without one

	PermitOff      bool // technicians may have the method Off
	OpenerRequired bool // the old factor opens the door to the new one
	EnrolmentCodes bool // a reset asks for an enrolment code

	PasswordMin    int           // characters
	CodeLife       time.Duration // a sent code
	ResendAfter    time.Duration
	ResendHour     int // sends an hour per technician
	ResendDay      int // sends a day per number or mailbox without a success
	FactorRun      int // wrong second-factor answers in a row
	ProofAfter     int // failed sign-ins until the page carries a proof of work
	StepsAside     int // TOTP steps looked at to either side
	SessionIdle    time.Duration
	SessionAge     time.Duration
	SessionLimit   int // live sessions per technician; 0: any number
	StepUpAfter    time.Duration
	InvitationLife time.Duration
	SetupLife      time.Duration // a set-up must begin within
	EnrolmentLife  time.Duration // an enrolment code
	AuditKeep      time.Duration
}

// DefaultSettings are the numbers of the contract.
func DefaultSettings() Settings {
	s := Settings{Organisation: "Sallyport", Country: "US"}
	for _, k := range SettingKeys {
		if err := k.Set(&s, k.Default); err != nil {
			panic("sallyport: default of " + k.Name + ": " + err.Error())
		}
	}
	return s
}

// SettingKey describes one setting: its name for people and commands, default and range.
type SettingKey struct {
	Name    string
	Unit    string // minutes, hours, seconds, days, characters, yes/no, …
	Default string
	Range   string // in words, for help texts
	Help    string
	get     func(*Settings) string
	set     func(*Settings, string) error
}

// Get returns the value as people type it.
func (k SettingKey) Get(s Settings) string { return k.get(&s) }

// Set reads value into s, or says what is wrong with it and changes nothing.
func (k SettingKey) Set(s *Settings, value string) error { return k.set(s, strings.TrimSpace(value)) }

// SettingKeys are all settings but the logo, in the order in which they are shown.
var SettingKeys = []SettingKey{
	textKey("organisation", "Sallyport", "The name at the door and in messages.", 1, 80, func(s *Settings) *string { return &s.Organisation }),
	countryKey(),
	boolKey("permit-off", "no", "Technicians may have no second factor at all. Where they may not, whoever has none cannot sign in until an administrator chooses one.", func(s *Settings) *bool { return &s.PermitOff }),
	boolKey("old-factor-opens", "yes", "Who held a second factor gives it once more before a new one is set up.", func(s *Settings) *bool { return &s.OpenerRequired }),
	boolKey("enrolment-codes", "yes", "After a reset an enrolment code is read out to the technician.", func(s *Settings) *bool { return &s.EnrolmentCodes }),
	intKey("password-min", "characters", "15", 8, 64, "Shortest password. NIST SP 800-63B-4 asks for 15 where the password may stand alone.", func(s *Settings) *int { return &s.PasswordMin }),
	choiceKey("code-life", "minutes", "3", []int{3, 5, 10}, time.Minute, "How long a sent code is valid.", func(s *Settings) *time.Duration { return &s.CodeLife }),
	spanKey("resend-after", "seconds", "30", 15, 120, time.Second, "When a fresh code may be asked for.", func(s *Settings) *time.Duration { return &s.ResendAfter }),
	intKey("resend-hour", "sends", "5", 3, 20, "Codes an hour per technician.", func(s *Settings) *int { return &s.ResendHour }),
	intKey("resend-day", "sends", "10", 5, 50, "Codes a day per number or mailbox that did not lead to a success.", func(s *Settings) *int { return &s.ResendDay }),
	intKey("factor-run", "answers", "100", 10, 100, "Wrong second-factor answers in a row until the factor is switched off.", func(s *Settings) *int { return &s.FactorRun }),
	intKey("proof-after", "sign-ins", "3", 1, 10, "Failed ones, of one account from one network, until the page lets the browser work in the place of a long wait.", func(s *Settings) *int { return &s.ProofAfter }),
	intKey("steps-aside", "steps", "1", 0, 2, "Authenticator steps of 30 seconds looked at to either side. What a guesser can reach in a year: 0.3, 0.9 or 1.5 in 1,000.", func(s *Settings) *int { return &s.StepsAside }),
	spanKey("session-idle", "minutes", "30", 5, 1440, time.Minute, "A session ends after so long without a request.", func(s *Settings) *time.Duration { return &s.SessionIdle }),
	spanKey("session-age", "hours", "12", 1, 24, time.Hour, "A session ends after so long in any case; a shorter time holds for those that live too.", func(s *Settings) *time.Duration { return &s.SessionAge }),
	intKey("session-limit", "sessions", "0", 0, 100, "Live sessions per technician; 0 is any number, 1 the newest only.", func(s *Settings) *int { return &s.SessionLimit }),
	spanKey("step-up-after", "minutes", "15", 5, 60, time.Minute, "Sensitive changes ask again when the last proof is older.", func(s *Settings) *time.Duration { return &s.StepUpAfter }),
	spanKey("invitation-life", "hours", "72", 1, 168, time.Hour, "How long an invitation works.", func(s *Settings) *time.Duration { return &s.InvitationLife }),
	spanKey("setup-life", "hours", "72", 1, 168, time.Hour, "A set-up not begun by then must be opened again by an administrator.", func(s *Settings) *time.Duration { return &s.SetupLife }),
	spanKey("enrolment-life", "minutes", "60", 10, 1440, time.Minute, "How long an enrolment code works.", func(s *Settings) *time.Duration { return &s.EnrolmentLife }),
	spanKey("audit-keep", "days", "400", 90, 3650, 24*time.Hour, "How long audit events are kept.", func(s *Settings) *time.Duration { return &s.AuditKeep }),
}

// SettingByName finds a key, false when there is none of that name.
func SettingByName(name string) (SettingKey, bool) {
	for _, k := range SettingKeys {
		if k.Name == name {
			return k, true
		}
	}
	return SettingKey{}, false
}

func textKey(name, def, help string, low, high int, at func(*Settings) *string) SettingKey {
	return SettingKey{Name: name, Unit: "text", Default: def, Range: fmt.Sprintf("%d to %d characters", low, high), Help: help,
		get: func(s *Settings) string { return *at(s) },
		set: func(s *Settings, v string) error {
			if n := len([]rune(v)); n < low || n > high || strings.ContainsFunc(v, isControl) {
				return InvalidField(name, fmt.Sprintf("Please give %d to %d printable characters.", low, high))
			}
			*at(s) = v
			return nil
		}}
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0xfffd }

func countryKey() SettingKey {
	return SettingKey{Name: "country", Unit: "ISO 3166 code", Default: "US", Range: "two letters", Help: "Phone numbers typed without a country code are read as numbers of this country.",
		get: func(s *Settings) string { return s.Country },
		set: func(s *Settings, v string) error {
			v = strings.ToUpper(v)
			if len(v) != 2 || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z' {
				return InvalidField("country", "Please give a country as two letters, like US or DE.")
			}
			s.Country = v
			return nil
		}}
}

func boolKey(name, def, help string, at func(*Settings) *bool) SettingKey {
	return SettingKey{Name: name, Unit: "yes or no", Default: def, Range: "yes or no", Help: help,
		get: func(s *Settings) string {
			if *at(s) {
				return "yes"
			}
			return "no"
		},
		set: func(s *Settings, v string) error {
			switch strings.ToLower(v) {
			case "yes", "on", "true":
				*at(s) = true
			case "no", "off", "false":
				*at(s) = false
			default:
				return InvalidField(name, "Please answer yes or no.")
			}
			return nil
		}}
}

func intKey(name, unit, def string, low, high int, help string, at func(*Settings) *int) SettingKey {
	return SettingKey{Name: name, Unit: unit, Default: def, Range: fmt.Sprintf("%d to %d", low, high), Help: help,
		get: func(s *Settings) string { return strconv.Itoa(*at(s)) },
		set: func(s *Settings, v string) error {
			n, err := whole(name, v, low, high)
			if err == nil {
				*at(s) = n
			}
			return err
		}}
}

func spanKey(name, unit, def string, low, high int, one time.Duration, help string, at func(*Settings) *time.Duration) SettingKey {
	return SettingKey{Name: name, Unit: unit, Default: def, Range: fmt.Sprintf("%d to %d", low, high), Help: help,
		get: func(s *Settings) string { return strconv.Itoa(int(*at(s) / one)) },
		set: func(s *Settings, v string) error {
			n, err := whole(name, v, low, high)
			if err == nil {
				*at(s) = time.Duration(n) * one
			}
			return err
		}}
}

func choiceKey(name, unit, def string, choices []int, one time.Duration, help string, at func(*Settings) *time.Duration) SettingKey {
	k := spanKey(name, unit, def, choices[0], choices[len(choices)-1], one, help, at)
	words := strings.Trim(strings.ReplaceAll(fmt.Sprint(choices), " ", ", "), "[]")
	k.Range = "one of " + words
	inRange := k.set
	k.set = func(s *Settings, v string) error {
		for _, c := range choices {
			if v == strconv.Itoa(c) {
				return inRange(s, v)
			}
		}
		return InvalidField(name, "Please choose one of "+words+" "+unit+".")
	}
	return k
}

func whole(name, v string, low, high int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return 0, InvalidField(name, fmt.Sprintf("Please give a whole number from %d to %d.", low, high))
	}
	return n, nil
}
