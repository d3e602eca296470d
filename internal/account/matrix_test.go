package account_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
	"sallyport/internal/testkit/golden"
)

// actors are everybody who could ask, the weakest last.
var actors = []string{"host", "super-admin", "admin", "apps-and-reports-manager", "reports-manager", "read-only", "deactivated", "signed-out", "nobody"}

// targets are whose record it is.
var targets = []string{"super-admin", "admin", "apps-and-reports-manager", "reports-manager", "read-only", "self"}

// matter is what one cell of the table is about: an actor, and a technician with everything that can be done to him.
type matter struct {
	actor   sallyport.Actor
	target  sallyport.Technician
	session sallyport.Hash
	reset   string
	help    string
}

// toSomebody are the acts on one technician.
var toSomebody = []struct {
	name  string
	state func(*person)
	do    func(*house, matter) error
}{
	{"view", nil, func(h *house, m matter) error { _, err := h.Technician(ctx, m.actor, m.target.ID); return err }},
	{"preview", nil, func(h *house, m matter) error {
		_, err := h.Preview(ctx, m.actor, m.target.ID, form(m.target, method(sallyport.MethodEmail)), m.target.Version)
		return err
	}},
	{"save name", nil, func(h *house, m matter) error {
		_, err := h.Save(ctx, m.actor, m.target.ID, form(m.target, func(f *account.Form) { f.LastName = "Other" }), m.target.Version)
		return err
	}},
	{"save method", nil, func(h *house, m matter) error {
		_, err := h.Save(ctx, m.actor, m.target.ID, form(m.target, method(sallyport.MethodEmail)), m.target.Version)
		return err
	}},
	{"save email", nil, func(h *house, m matter) error {
		_, err := h.Save(ctx, m.actor, m.target.ID, form(m.target, email("other"+string(m.target.ID)+"@northwind.example")), m.target.Version)
		return err
	}},
	{"demote to read-only", nil, func(h *house, m matter) error {
		_, err := h.Save(ctx, m.actor, m.target.ID, form(m.target, role(sallyport.ReadOnlyTechnician)), m.target.Version)
		return err
	}},
	{"promote to super-admin", nil, func(h *house, m matter) error {
		_, err := h.Save(ctx, m.actor, m.target.ID, form(m.target, role(sallyport.SuperAdmin)), m.target.Version)
		return err
	}},
	{"roll out method", nil, func(h *house, m matter) error {
		team, err := h.SaveTeam(ctx, m.actor, []sallyport.TechnicianID{m.target.ID}, sallyport.MethodEmail)
		if err == nil {
			err = team.Rows[0].Err
		}
		return err
	}},
	{"reset factor", nil, func(h *house, m matter) error { _, err := h.ResetFactor(ctx, m.actor, m.target.ID, ""); return err }},
	{"open set-up", noFactor, func(h *house, m matter) error { _, err := h.OpenSetup(ctx, m.actor, m.target.ID); return err }},
	{"sign out everywhere", nil, func(h *house, m matter) error { _, err := h.SignOut(ctx, m.actor, m.target.ID); return err }},
	{"end a session", nil, func(h *house, m matter) error { return h.EndSession(ctx, m.actor, m.session) }},
	{"resend invitation", invited, func(h *house, m matter) error { _, err := h.ResendInvitation(ctx, m.actor, m.target.ID); return err }},
	{"deactivate", nil, func(h *house, m matter) error { _, err := h.Deactivate(ctx, m.actor, m.target.ID, ""); return err }},
	{"activate", func(p *person) { p.Status = sallyport.Deactivated }, func(h *house, m matter) error {
		_, err := h.Activate(ctx, m.actor, m.target.ID)
		return err
	}},
	{"delete", nil, func(h *house, m matter) error { _, err := h.Delete(ctx, m.actor, m.target.ID, ""); return err }},
	{"approve reset", nil, func(h *house, m matter) error { return h.ApproveReset(ctx, m.actor, m.reset) }},
	{"deny reset", nil, func(h *house, m matter) error { return h.DenyReset(ctx, m.actor, m.reset) }},
	{"finish help", nil, func(h *house, m matter) error { return h.FinishHelp(ctx, m.actor, m.help) }},
	{"add one of this role", nil, func(h *house, m matter) error {
		_, err := h.Add(ctx, m.actor, account.Form{Email: sallyport.NewID() + "@x.example", Role: m.target.Role})
		return err
	}},
	{"import one of this role", nil, func(h *house, m matter) error {
		b, err := h.Import(ctx, m.actor, strings.NewReader("email,role\n"+sallyport.NewID()+"@x.example,"+string(m.target.Role)+"\n"))
		if err == nil && !b.Done {
			err = sallyport.InvalidField(b.Problems[0].Field, b.Problems[0].Message)
		}
		return err
	}},
	{"rescue", nil, func(h *house, m matter) error { _, _, err := h.Rescue(ctx, m.actor, m.target.UserName); return err }},
}

// toNobody are the acts that are about no technician.
var toNobody = []struct {
	name string
	do   func(*house, matter) error
}{
	{"list", func(h *house, m matter) error { _, err := h.List(ctx, m.actor, sallyport.Filter{}); return err }},
	{"form to add", func(h *house, m matter) error { _, _, _, err := h.NewForm(ctx, m.actor); return err }},
	{"preview of a newcomer", func(h *house, m matter) error {
		_, _, err := h.PreviewAdd(ctx, m.actor, account.Form{})
		return err
	}},
	{"sessions", func(h *house, m matter) error {
		_, err := h.Sessions(ctx, m.actor, sallyport.SessionFilter{})
		return err
	}},
	{"waiting resets", func(h *house, m matter) error { _, err := h.WaitingResets(ctx, m.actor); return err }},
	{"open help", func(h *house, m matter) error { _, err := h.OpenHelp(ctx, m.actor); return err }},
	{"policy", func(h *house, m matter) error { _, err := h.Policy(ctx, m.actor); return err }},
	{"set policy", func(h *house, m matter) error { _, err := h.SetPolicy(ctx, m.actor, "code-life", "5"); return err }},
	{"set logo", func(h *house, m matter) error { _, err := h.SetLogo(ctx, m.actor, pngOf(h.t, 32, 32)); return err }},
	{"remove logo", func(h *house, m matter) error { return h.RemoveLogo(ctx, m.actor) }},
	{"figures", func(h *house, m matter) error { _, err := h.Figures(ctx, m.actor); return err }},
	{"events", func(h *house, m matter) error { _, err := h.Events(ctx, m.actor, sallyport.EventFilter{}); return err }},
	{"export events", func(h *house, m matter) error {
		_, err := h.ExportEvents(ctx, m.actor, sallyport.EventFilter{}, account.FormatCSV)
		return err
	}},
	{"notices", func(h *house, m matter) error { _, err := h.Notices(ctx, m.actor); return err }},
	{"acknowledge a notice", func(h *house, m matter) error { return h.AckNotice(ctx, m.actor, "n1") }},
}

// Who may do what to whom, as one table: every act by every role on the record of every role. A change of it is a
// change of who holds which power, and shows in the diff.
func TestRights(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	h.add(sallyport.SuperAdmin) // always left, so that the last-admin rule plays no part
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertNotice(ctx, sallyport.Notice{ID: "n1", Type: "rescue.issued", Text: "x", CreatedAt: h.clock.Now()})
	})
	var b strings.Builder
	row(&b, "act", "on", actors)
	looks := []string{"list", "form to add", "preview of a newcomer", "sessions", "waiting resets", "open help", "policy", "figures", "events", "notices"}
	refused := 0
	for _, act := range toNobody {
		cells := make([]string, len(actors))
		for i, name := range actors {
			if cells[i] = code(act.do(h, h.matter(name, "", nil))); cells[i] == "forbidden" && !slices.Contains(looks, act.name) {
				refused++
			}
		}
		row(&b, act.name, "", cells)
	}
	if noted := len(slices.DeleteFunc(h.since(0), func(what string) bool { return what != "save.refused" })); noted != refused {
		t.Errorf("%d acts that are no mere looks were forbidden, and %d of them are events", refused, noted)
	}
	for _, act := range toSomebody {
		for _, target := range targets {
			cells := make([]string, len(actors))
			for i, name := range actors {
				if cells[i] = "-"; target != "self" || (name != "host" && name != "nobody" && act.state == nil) {
					cells[i] = code(act.do(h, h.matter(name, target, act.state)))
				}
			}
			row(&b, act.name, target, cells)
		}
	}
	golden.File(t, filepath.Join("testdata", "rights.golden"), b.String())
}

func row(b *strings.Builder, act, on string, cells []string) {
	fmt.Fprintf(b, "%-24s %-26s", act, on)
	for _, c := range cells {
		fmt.Fprintf(b, " %-25s", c)
	}
	s := strings.TrimRight(b.String(), " ")
	b.Reset()
	b.WriteString(s + "\n")
}

// matter makes an actor and a technician for one cell.
func (h *house) matter(actor, target string, state func(*person)) matter {
	var m matter
	var self sallyport.Technician
	switch actor {
	case "host":
		m.actor = host
	case "nobody":
		m.actor = sallyport.Actor{Kind: sallyport.ActorNobody}
	case "deactivated":
		self = h.add(sallyport.SuperAdmin)
		m.actor = h.session(self)
		self.Status = sallyport.Deactivated
		h.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateTechnician(ctx, self) })
		self = h.technician(self.ID)
	case "signed-out":
		self = h.add(sallyport.SuperAdmin)
		m.actor = h.session(self)
		h.write(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Hold(ctx, self.ID); err != nil {
				return err
			}
			_, err := tx.EndSession(ctx, m.actor.Session, sallyport.EndedByOwner)
			return err
		})
	default:
		self = h.add(sallyport.RoleID(actor))
		m.actor = h.session(self)
	}
	switch target {
	case "":
		return m
	case "self":
		m.target = self
		m.session = m.actor.Session
	default:
		var edits []func(*person)
		if state != nil {
			edits = append(edits, state)
		}
		m.target = h.add(sallyport.RoleID(target), edits...)
		if m.target.Status == sallyport.Active {
			m.session = h.session(m.target).Session
		}
	}
	m.reset, m.help = h.asked(m.target)
	return m
}

// asked lets a technician ask for a new password and for help.
func (h *house) asked(t sallyport.Technician) (reset, help string) {
	h.t.Helper()
	reset, help = sallyport.NewID(), sallyport.NewID()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		err := tx.InsertReset(ctx, sallyport.PasswordReset{ID: reset, Technician: t.ID, Generation: t.Generation, Waiting: true,
			CreatedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(24 * time.Hour)})
		if err != nil {
			return err
		}
		return tx.InsertHelp(ctx, sallyport.HelpRequest{ID: help, Number: "4711", Technician: t.ID, CreatedAt: h.clock.Now()})
	})
	return reset, help
}
