package ways

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/login"
	"sallyport/internal/policy"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// TestWays: whatever happened, nothing that ended lets anybody in, whoever is in has given what is asked of him, and each
// technician has a way in: what he holds, or what the page that he meets sends him to and his own page in Admin offers.
func TestWays(t *testing.T) {
	database.OnlySQLite(t, "about who may do what, whatever the database")
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt)
		defer w.close()
		w.begins()
		w.joins()
		rt.Repeat(w.steps())
		w.rt = rt
		for _, p := range w.all {
			if !p.gone {
				p.hasAWay()
			}
		}
	})
}

// hasAWay lets him try, and an administrator do what is asked for, until he is in.
func (p *person) hasAWay() {
	p.note("—", p.name, "has a way:")
	for range 8 {
		switch t := p.row(); t.Status {
		case sallyport.Deactivated:
			p.helped("activate")
		case sallyport.Invited:
			if p.link == "" || kindOf(p.link) != sallyport.LinkInvitation {
				p.helped("resend")
			}
			p.opens(firstPassword)
		default:
			can, at := p.could(), p.now()
			s := p.signsIn()
			if s.in {
				return
			}
			if can && !p.lost() && p.now().Sub(at) < soon {
				p.fail("%s counts as somebody who can sign in, and stops at %s: %+v", p.name, s.kind, t)
			}
			p.calls(s)
			p.note(p.name, "stops at", string(s.kind))
			p.unstuck(s.kind)
		}
	}
	p.fail("no way for %s: %+v", p.name, p.row())
}

// could reports whether he counts as somebody who can sign in: the rule of the last Super Admin rests on that.
func (p *person) could() bool {
	f := read(p.world, func(tx *store.Tx) (*sallyport.Factor, error) { return tx.Factor(ctx, p.id) })
	left := read(p.world, func(tx *store.Tx) (int, error) { return tx.RecoveryLeft(ctx, p.id) })
	set := p.settings()
	return policy.CanSignIn(p.row(), f, left, policy.Channels{EmailProved: p.proved(sallyport.ChannelEmail), SMSProved: p.proved(sallyport.ChannelSMS),
		OffPermitted: set.PermitOff, FactorRun: set.FactorRun, Now: p.now()})
}

// calls asks for help at the page at which he stopped.
func (p *person) calls(s stop) {
	number, err := p.door.Help(ctx, s.token, "", browser)
	if number == "" && sallyport.CodeOf(err) != "helped" {
		p.fail("%s cannot call for help at %s: %v", p.name, s.kind, err)
	}
}

// unstuck is what the page at which he stopped says, done by an administrator.
func (p *person) unstuck(kind login.Kind) {
	switch kind {
	case login.Closed, login.EnrolmentCode:
		p.helped("open the set-up")
	case login.Disabled, login.Shut, login.Factor, login.Opener:
		p.helped("reset")
	case login.NoFactor, login.SetupDown:
		p.getsTheApp()
	case login.ChannelDown:
		if t := p.row(); t.Method != sallyport.MethodApp {
			p.getsTheApp()
		} else {
			p.helped("reset")
		}
	default:
		p.fail("%s is stuck at %s: %+v", p.name, kind, p.row())
	}
}

// helped is an act that his page must offer.
func (p *person) helped(name string) {
	a, o := p.boss(), offerOf(name)
	d, err := p.desk.Technician(ctx, a, p.id)
	if err != nil {
		p.fail("%v", err)
	}
	if !o.shown(d) || name == "open the set-up" && d.SetupOpen && !d.AsksCode {
		p.fail("%s needs %q, and his page does not offer it: %+v, %+v", p.name, name, d.Technician, d.May)
	}
	p.tried(o, a)
}

func (p *person) getsTheApp() {
	t := p.row()
	form := account.FormOf(t)
	form.Method = sallyport.MethodApp
	if _, err := p.desk.Save(ctx, p.boss(), p.id, form, t.Version); err != nil {
		p.fail("%s cannot be given the app: %v", p.name, err)
	}
	p.note("save", p.name, "method app")
	p.everythingEnds()
}

func findOffset(secret []byte, code string, now time.Time) (int, int64, bool) {
	return factor.FindOffset(secret, code, now)
}
