package account_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
)

// A rescue link comes from the host alone, ends everything older, and stands on each Super Admin's page until he says so.
func TestRescue(t *testing.T) {
	h := newHouse(t)
	mara, noor := h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)
	h.session(mara)
	n := len(h.events())
	link, expires, err := h.Rescue(ctx, host, strings.ToUpper(mara.UserName))
	if err != nil || !strings.HasPrefix(link, publicURL+"/rescue/") || !expires.Equal(h.clock.Now().Add(15*time.Minute)) || !h.alive(link) {
		t.Fatalf("%q until %v, %v", link, expires, err)
	}
	if now := h.technician(mara.ID); now.Generation != mara.Generation+1 || len(h.sessions(mara.ID)) != 0 {
		t.Errorf("%+v", now)
	}
	if got := h.since(n); !slices.Equal(got, []string{"rescue.issued"}) || h.events()[n].ActorName != host.Name {
		t.Errorf("events %v", got)
	}
	for _, p := range []sallyport.Technician{mara, noor} {
		actor := h.session(p)
		open, err := h.Notices(ctx, actor)
		if err != nil || len(open) != 1 || !strings.Contains(open[0].Text, mara.UserName) {
			t.Fatalf("%+v, %v", open, err)
		}
		n := len(h.events())
		for range 2 { // a button that is pressed twice, or in two tabs
			if err := h.AckNotice(ctx, actor, open[0].ID); err != nil {
				t.Error(err)
			}
		}
		if got := h.since(n); !slices.Equal(got, []string{"rescue.acknowledged"}) || h.events()[n].Actor != p.ID {
			t.Errorf("events %v", got)
		}
		if open, err := h.Notices(ctx, actor); err != nil || len(open) != 0 {
			t.Errorf("%+v, %v", open, err)
		}
	}
	if open, err := h.Notices(ctx, h.session(h.add(sallyport.Admin))); err != nil || len(open) != 0 {
		t.Errorf("shown to somebody who is no Super Admin: %+v, %v", open, err)
	}
	if _, _, err := h.Rescue(ctx, host, "nobody"); code(err) != "no_such_user" {
		t.Errorf("%v", err)
	}
	left := h.add(sallyport.Admin, func(p *person) { p.Status = sallyport.Deactivated })
	n = len(h.events())
	if _, _, err := h.Rescue(ctx, host, left.UserName); code(err) != "deactivated" {
		t.Errorf("of a deactivated account: %v", err)
	}
	if got := h.since(n); !slices.Equal(got, []string{"save.refused"}) || h.events()[n].Target != left.ID || h.events()[n].ActorName != host.Name {
		t.Errorf("events %v", got)
	}
	h.clock.Add(16 * time.Minute)
	if h.alive(link) {
		t.Error("a rescue link of 15 minutes lives longer")
	}
}

// The first link is fresh at each start, the older void, and there is none once somebody is there.
func TestFirstLink(t *testing.T) {
	h := newHouse(t)
	first, made, err := h.FirstLink(ctx)
	if err != nil || !made || !strings.HasPrefix(first, publicURL+"/set-up/") || !h.alive(first) {
		t.Fatalf("%q %v %v", first, made, err)
	}
	second, made, err := h.FirstLink(ctx)
	if err != nil || !made || h.alive(first) || !h.alive(second) {
		t.Errorf("%q %v %v", second, made, err)
	}
	h.add(sallyport.SuperAdmin)
	if third, made, err := h.FirstLink(ctx); err != nil || made || third != "" {
		t.Errorf("%q %v %v", third, made, err)
	}
}

// Nobody whom the host adds closes set-up before there is a Super Admin.
func TestHostAddsNobodyBeforeTheFirst(t *testing.T) {
	h := newHouse(t)
	link, _, err := h.FirstLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	form := account.Form{Email: "dana@northwind.example", Role: sallyport.ReportsManager, Method: sallyport.MethodApp}
	if _, err := h.Add(ctx, host, form); code(err) != "no_super_admin" {
		t.Errorf("one: %v", err)
	}
	if _, err := h.Import(ctx, host, strings.NewReader(goodFile)); code(err) != "no_super_admin" {
		t.Errorf("a team: %v", err)
	}
	if len(h.team()) != 0 || !h.alive(link) {
		t.Error("set-up is over")
	}
	first := account.Form{Email: "mara@northwind.example", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}
	for _, f := range []account.Form{first, form} {
		if _, err := h.Add(ctx, host, f); err != nil {
			t.Errorf("%s: %v", f.Email, err)
		}
	}
}

// What Super Admins are told of a rescue names the account that it is for, and not their own.
func TestRescueNamesTheAccount(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	mara, noor := h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)
	h.add(sallyport.SuperAdmin, invited) // he is told nothing, nor is whoever has left
	h.add(sallyport.SuperAdmin, func(p *person) { p.Status = sallyport.Deactivated })
	if _, _, err := h.Rescue(ctx, host, mara.UserName); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, l := range h.letters.made {
		told[l.to] = string(l.kind) + " of " + l.data.UserName
	}
	if want := "rescue of " + mara.UserName; len(told) != 2 || told[mara.Email] != want || told[noor.Email] != want {
		t.Errorf("told %v, want %s", told, want)
	}
}
