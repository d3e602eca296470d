package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sallyport/internal/audit"
	"sallyport/internal/control"
	"sallyport/internal/ledger"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Say whether the audit log is whole, and which event is the first that is not."`
	Prove  auditProve  `cmd:"" help:"Write the proof of one event to standard output."`
	Check  auditCheck  `cmd:"" help:"Check a proof, without any database."`
	Head   auditHead   `cmd:"" help:"Print a signed head of the log, to be kept elsewhere."`
	Key    auditKey    `cmd:"" help:"Print the verifier key, with which others check heads and proofs."`
	Erase  auditErase  `cmd:"" help:"Take what the log says of a deleted account's person out of it."`
}

type auditVerify struct {
	Head string `help:"File that was kept elsewhere: a signed head, or the lines of a sink." type:"existingfile" placeholder:"FILE"`
}

// keptMost bounds a kept file: it goes through the socket in one piece.
const keptMost = 4 << 20

// errNotWhole ends the command with a failure; what is wrong was printed before.
var errNotWhole = errors.New("the audit log is not whole")

// undecidedError ends the command with 2: whether the log, or the proof, is whole was not found out.
type undecidedError struct{ error }

// Unwrap gives what was in the way.
func (e undecidedError) Unwrap() error { return e.error }

// Run compares everything with everything.
func (c *auditVerify) Run(s *session) error {
	var in control.KeptLog
	if c.Head != "" {
		var err error
		if in.Text, err = s.readBounded(c.Head, keptMost); err != nil {
			return undecidedError{err}
		}
		if len(in.Text) == 0 {
			return undecidedError{fmt.Errorf("%s is empty: there is nothing in it to compare the log with", c.Head)}
		}
	}
	var r ledger.Report
	if err := s.ask("audit/verify", in, &r); err != nil {
		return undecidedError{err}
	}
	for _, a := range r.Acts {
		s.printf("%s\n", plain(a))
	}
	for _, d := range r.Doubts {
		s.printf("Look at this: %s\n", plain(d))
	}
	if f := r.First; f != nil {
		s.printf("NOT WHOLE. %s: %s\n", f.Kind, plain(f.Words))
		return errNotWhole
	}
	s.printf("Whole: %d events in the tree, %d compared, %d gone by retention, %d with a part erased.\n", r.Size, r.Events, r.Pruned, r.Erased)
	s.printf("Signed heads that fit: %d of the database, %d kept elsewhere, with %d events kept elsewhere.\nRoot %s\n", r.Heads, r.Kept, r.KeptLeaf, r.Root)
	if c.Head == "" {
		s.printf("Compare with a head that was kept elsewhere too (--head FILE): who holds the key and the database could write both anew.\n")
	}
	return nil
}

type auditProve struct {
	Event int64 `arg:"" help:"Number of the event."`
}

// Run writes the proof.
func (c *auditProve) Run(s *session) error {
	var p control.Proof
	if err := s.ask("audit/prove", control.EventNumber{ID: c.Event}, &p); err != nil {
		return err
	}
	_, err := s.out.Write(p.File)
	return err
}

type auditCheck struct {
	File string `arg:"" help:"The proof." type:"existingfile"`
	Key  string `required:"" help:"Verifier key of the log, as “audit key” prints it, from a place that you trust." placeholder:"VERIFIER"`
}

// Run checks a proof with nothing but the file and the key.
func (c *auditCheck) Run(s *session) error {
	file, err := s.readBounded(c.File, audit.MaxProof)
	if err != nil {
		return undecidedError{err}
	}
	p, err := audit.ReadProof(file, strings.TrimSpace(c.Key))
	if errors.Is(err, audit.ErrVerifier) {
		return undecidedError{err}
	}
	if err != nil {
		return err
	}
	s.printf("Proved: event %d at place %d of the log %s, whose head of %d events was signed %s.\n", p.Event.ID, p.Place, plain(p.Head.Origin), p.Head.Size,
		p.Head.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	s.proved(p)
	return nil
}

// proved prints all that a proof says of its event under the names that the file has for it, so that nobody has to open that.
func (s *session) proved(p audit.Proved) {
	e := p.Event
	s.printf("%s  %s  %s\n", e.At.UTC().Format("2006-01-02 15:04:05.000000 UTC"), plain(e.Type), plain(e.Outcome))
	for _, f := range [][2]string{
		{"actor_kind", string(e.ActorKind)}, {"actor", string(e.Actor)}, {"actor_name", e.ActorName}, {"address", e.Address}, {"browser", e.Browser},
		{"request_id", e.RequestID}, {"target", string(e.Target)}, {"target_name", e.TargetName}, {"reason", e.Reason},
	} {
		s.field(f[0], f[1])
	}
	s.values("before", e.Before)
	s.values("after", e.After)
	if p.ActorErased {
		s.printf("Erased: the actor's name, address, browser and request. The proof of the rest holds.\n")
	}
	if p.TargetErased {
		s.printf("Erased: the target's name, the values before and after, and the reason. The proof of the rest holds.\n")
	}
}

func (s *session) values(name string, values map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		s.field(name+" "+key, values[key])
	}
}

// field prints what is not empty.
func (s *session) field(name, value string) {
	if value != "" {
		s.printf("  %s: %s\n", plain(name), plain(value))
	}
}

type auditHead struct{}

// Run prints a head as it is signed.
func (c *auditHead) Run(s *session) error { return s.note("audit/head") }

type auditKey struct{}

// Run prints the key alone, for scripts.
func (c *auditKey) Run(s *session) error { return s.note("audit/key") }

// note prints a text that an operation answers with.
func (s *session) note(name string) error {
	var n control.Note
	if err := s.ask(name, control.None{}, &n); err != nil {
		return err
	}
	s.printf("%s\n", strings.TrimSuffix(n.Text, "\n"))
	return nil
}

type auditErase struct {
	User   string `arg:"" help:"User name or id of a deleted account."`
	Reason string `help:"Why; it stands in the audit log." placeholder:"TEXT"`
}

// Run erases. Numbers, times, types and outcomes stay, and every proof with them.
func (c *auditErase) Run(s *session) error {
	var e ledger.Erased
	if err := s.ask("audit/erase", control.User{User: c.User, Reason: c.Reason}, &e); err != nil {
		return err
	}
	s.printf("Erased: what %s said of the person. The events stay, without names, addresses and values; proofs stay valid.\n"+
		"Backups, sinks and exports still hold what was handed to them before.\n", count(e.Events, "event", "events"))
	return nil
}

func (s *session) readBounded(path string, most int64) ([]byte, error) {
	text, err := s.read(path, most)
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is longer than %d bytes; give its end, with a head in it", path, most)
	}
	return text, err
}
