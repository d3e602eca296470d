package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/delivery"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/httpsms"
	"sallyport/internal/delivery/smtp"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
)

// organisation is the name at the door.
const organisation = "Northwind IT"

// member is a technician of the demo with what only he knows.
type member struct {
	sallyport.Technician
	Password string // empty: invited, nothing set yet
	Recovery string // one of his ten recovery codes; empty without a factor
}

// team is the seeded organisation.
type team struct {
	folder  string
	kept    bool // the folder stays when the demo ends
	members []member
}

// boss is the Super Admin, live the one whose three browsers are shown.
func (t *team) boss() member { return t.members[0] }

func (t *team) live() member { return t.members[5] }

// people are the story's team. The first is the Super Admin; the invited one is added as an administrator would.
var people = []struct {
	first, last string
	role        sallyport.RoleID
	method      sallyport.Method
	phone       string
}{
	{"Mara", "Voss", sallyport.SuperAdmin, sallyport.MethodApp, "+12025550100"},
	{"Dana", "Reyes", sallyport.Admin, sallyport.MethodApp, "+12025550101"},
	{"Ilya", "Novak", sallyport.ReportsManager, sallyport.MethodEmail, "+12025550102"},
	{"Priya", "Shah", sallyport.AppsAndReportsManager, sallyport.MethodText, "+12025550103"},
	{"Tomas", "Lind", sallyport.ReadOnlyTechnician, sallyport.MethodApp, ""}, // invited
	{"Sam", "Okafor", sallyport.ReadOnlyTechnician, sallyport.MethodOff, "+12025550105"},
	{"Lena", "Fischer", sallyport.ReadOnlyTechnician, sallyport.MethodOff, "+12025550106"},
	{"Jonas", "Weber", sallyport.AppsAndReportsManager, sallyport.MethodOff, ""},
	{"Aiko", "Tanaka", sallyport.ReadOnlyTechnician, sallyport.MethodOff, "+12025550108"},
}

const invited = 4 // index of the one who is invited

// seeder is the opened folder while the organisation is made, before the server takes it.
type seeder struct {
	cfg    config.Config
	bench  *bench
	db     *store.DB
	keys   *keyring.Ring
	hasher *factor.Hasher
	actor  sallyport.Actor
	ways   *delivery.Service
}

// seed makes the organisation in an empty folder, with the gateways proved the way an administrator proves them.
func seed(ctx context.Context, cfg config.Config, b *bench) (t *team, err error) {
	s := &seeder{cfg: cfg, bench: b, hasher: factor.NewHasher(1), actor: sallyport.Actor{Kind: sallyport.ActorHost, Name: "sallyport demo"}}
	if s.keys, err = keyring.Create(cfg.Key); err != nil {
		return nil, err
	}
	if s.db, err = store.Open(ctx, store.Options{Folder: cfg.Data}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	if err := s.settings(ctx); err != nil {
		return nil, err
	}
	if err := s.gateways(ctx); err != nil {
		return nil, err
	}
	t = &team{folder: cfg.Data}
	for i := range people {
		m, err := s.person(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", people[i].first, err)
		}
		t.members = append(t.members, m)
	}
	b.inbox.clear() // the test messages; what the team is told begins with the server
	b.phone.clear()
	return t, nil
}

func (s *seeder) settings(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PutMeta(ctx, "key-check", s.keys.Check()); err != nil {
			return err
		}
		set, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		set.Organisation, set.PermitOff = organisation, true
		if err := tx.PutSettings(ctx, set); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.PolicyChanged, s.actor).Changed(
			map[string]string{"permit-off": "no", "organisation": sallyport.DefaultSettings().Organisation},
			map[string]string{"permit-off": "yes", "organisation": organisation}).Event())
	})
}

// gateways saves both gateways as drafts, sends a test through each, and types back what arrived.
func (s *seeder) gateways(ctx context.Context) error {
	u, err := url.Parse(s.cfg.Public(s.cfg.Listen))
	if err != nil {
		return err
	}
	d := dial.New(dial.Options{Allowed: s.cfg.Networks()})
	s.ways = delivery.New(delivery.Options{Store: store.For[delivery.Tx](s.db), Keys: s.keys, Network: d, PublicHost: u.Hostname(),
		BuildEmail: func(g sallyport.Gateway, secrets map[string]string) (delivery.EmailSender, error) {
			return smtp.New(g, secrets, smtp.Options{Dial: d.DialContext, DialPlain: d.DialPlain, Hello: u.Hostname()})
		},
		BuildText: func(g sallyport.Gateway, secrets map[string]string) (delivery.TextSender, error) {
			return httpsms.New(g, secrets, d.Client(nil))
		}})
	if err := s.prove(ctx, delivery.Form{Channel: sallyport.ChannelEmail, Kind: sallyport.GatewaySMTP, Values: map[string]string{
		"host": "127.0.0.1", "port": s.bench.mailPort, "tls": "none", "sender": "door@northwind.example", "sender_name": organisation,
	}}, "mara.voss@northwind.example", s.bench.inbox); err != nil {
		return err
	}
	return s.prove(ctx, delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewayHTTP, Values: map[string]string{
		"url": s.bench.gatewayURL, "format": "json", "body": `{"to": "{to}", "text": "{text}", "reference": "{id}"}`,
		"headers": "Authorization: Bearer " + s.bench.gatewayKey, "ok_text": "accepted",
	}}, people[0].phone, s.bench.phone)
}

var sixDigits = regexp.MustCompile(`(?m)^[0-9]{6}\b`)

func (s *seeder) prove(ctx context.Context, f delivery.Form, to string, arrives *box) error {
	begin := time.Now()
	if _, err := s.ways.SaveDraft(ctx, s.actor, f); err != nil {
		return err
	}
	if err := s.ways.Test(ctx, s.actor, delivery.Seen{Channel: f.Channel}, to); err != nil {
		return err
	}
	m, ok := arrives.newest(to, begin)
	if !ok {
		return fmt.Errorf("no test message arrived at %s", to)
	}
	return s.ways.ConfirmTest(ctx, s.actor, f.Channel, sixDigits.FindString(m.Text))
}

// person makes one of people.
func (s *seeder) person(ctx context.Context, i int) (member, error) {
	p := people[i]
	address, err := identity.Email(mailbox(p.first, p.last))
	if err != nil {
		return member{}, err
	}
	if i == invited {
		return s.invite(ctx, i, address)
	}
	display, key, skeleton, err := identity.UserName(address)
	if err != nil {
		return member{}, err
	}
	m := member{Password: newPassword(), Technician: sallyport.Technician{ID: sallyport.TechnicianID(sallyport.NewID()), FirstName: p.first, LastName: p.last,
		UserName: display, UserNameKey: key, Skeleton: skeleton, Email: address, Phone: p.phone, Role: p.role, Status: sallyport.Active,
		Method: p.method, Generation: 1, Version: 1, CreatedAt: time.Now()}}
	phc, err := s.hasher.Hash(ctx, m.Password)
	if err != nil {
		return member{}, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertTechnician(ctx, m.Technician); err != nil {
			return err
		}
		sealed := s.keys.Seal([]byte(phc), keyring.Place{Table: "technician", Row: string(m.ID), Column: "password"})
		if err := tx.SetPassword(ctx, m.ID, m.Generation, sealed); err != nil {
			return err
		}
		if m.Recovery, err = s.factor(ctx, tx, m.Technician); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.TechnicianAdded, s.actor).On(m.Technician).
			Changed(nil, map[string]string{"method": string(p.method), "role": string(p.role)}).Event())
	})
	return m, err
}

// factor gives a technician the factor of his method, proved, with recovery codes, one of which comes back; the secret
// of an app is put into the phone too.
func (s *seeder) factor(ctx context.Context, tx *store.Tx, t sallyport.Technician) (recovery string, err error) {
	f := sallyport.Factor{Technician: t.ID, Kind: t.Method, ProvedAt: time.Now()}
	switch t.Method {
	case sallyport.MethodApp:
		secret := factor.NewSecret()
		f.Secret = s.keys.Seal(secret, keyring.Place{Table: "factor", Row: string(t.ID), Column: "secret"})
		if err := s.bench.app.keep(factor.URI(organisation, t.UserName, secret)); err != nil {
			return "", err
		}
	case sallyport.MethodEmail:
		f.Address = t.Email
	case sallyport.MethodText:
		f.Address = t.Phone
	default:
		return "", nil
	}
	if err := tx.PutFactor(ctx, f); err != nil {
		return "", err
	}
	codes := factor.NewRecoveryCodes()
	hashes := make([][]byte, len(codes))
	for i, code := range codes {
		canonical, _ := factor.CanonicalRecovery(code)
		hashes[i] = s.keys.MAC("recovery", []byte(t.ID), []byte(canonical))
	}
	return codes[0], tx.SetRecoveryCodes(ctx, t.ID, hashes)
}

// invite adds a technician as Add Technician does, invitation and all.
func (s *seeder) invite(ctx context.Context, i int, address string) (member, error) {
	p := people[i]
	accounts := account.New(account.Options{Store: store.For[account.Tx](s.db), Keys: s.keys, Notices: notices{s.ways}, PublicURL: s.cfg.Public(s.cfg.Listen)})
	added, err := accounts.Add(ctx, s.actor, account.Form{FirstName: p.first, LastName: p.last, Email: address, Phone: p.phone, Role: p.role, Method: p.method})
	if err != nil {
		return member{}, err
	}
	var m member
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		m.Technician, err = tx.Technician(ctx, added.ID)
		return err
	})
	return m, err
}
