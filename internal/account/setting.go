package account

import (
	"context"
	"fmt"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/identity"
)

// Policy returns the settings. Everybody who is signed in may know the rules that hold for him.
func (s *Service) Policy(ctx context.Context, actor sallyport.Actor) (sallyport.Settings, error) {
	var settings sallyport.Settings
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := identify(ctx, tx, actor)
		settings = w.settings
		return err
	})
	return settings, err
}

// SetPolicy changes one setting and returns all of them. It needs policy.manage and a fresh proof, and is refused
// where no Super Admin could sign in under it. A value that is the same already changes nothing.
func (s *Service) SetPolicy(ctx context.Context, actor sallyport.Actor, name, value string) (sallyport.Settings, error) {
	var settings sallyport.Settings
	defer s.logo.forget() // the organisation's name stands at the door; also after an error, as a commit may have counted
	err := s.attempt(ctx, actor, "", func(tx Tx) error {
		if name == "session-age" { // a shorter one is many technicians' matter, and what holds them stands first (docs/adr/0062)
			if err := tx.HoldTeam(ctx); err != nil {
				return err
			}
		}
		w, err := judge(ctx, tx, actor, sallyport.ManagePolicy)
		if err != nil {
			return err
		}
		settings = w.settings
		key, ok := sallyport.SettingByName(name)
		if !ok {
			return sallyport.E(sallyport.NotFound, "no_setting", "There is no setting of that name: sallyport policy list shows them.")
		}
		if err := key.Set(&settings, value); err != nil {
			return err
		}
		if settings.Country != w.settings.Country && !identity.Country(settings.Country) {
			return sallyport.InvalidField("country", fmt.Sprintf("No country has the code %s in ISO 3166 (the United Kingdom, for example, is GB).", settings.Country))
		}
		before, after := key.Get(w.settings), key.Get(settings)
		if before == after {
			return nil
		}
		if err := w.fresh(); err != nil {
			return err
		}
		if settings.SessionAge < w.settings.SessionAge { // it holds for those that live, as their idle time does
			if err := tx.ShortenSessions(ctx, settings.SessionAge); err != nil {
				return err
			}
		}
		return guarded(ctx, tx, func() error {
			if err := tx.PutSettings(ctx, settings); err != nil {
				return err
			}
			return s.record(ctx, tx, w, entry{what: audit.PolicyChanged,
				before: map[string]string{name: before}, after: map[string]string{name: after}})
		})
	})
	return settings, err
}
