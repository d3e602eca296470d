package interleave

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sallyport"
)

// trial is a few acts at once in one world, under one schedule after the other.
type trial struct {
	*world
	acts []act
	done []done
	may  []tables        // what each act sees
	fits map[string]bool // outcomes of the orders of whole transactions; nil while they are gathered

	found map[string]bool // outcomes of the search
}

func (w *world) trial(acts ...act) *trial {
	return &trial{world: w, acts: acts, may: make([]tables, len(acts))}
}

// begin puts the rows back and starts the acts.
func (r *trial) begin() (*play, error) {
	if err := r.back(); err != nil {
		return nil, err
	}
	r.done = make([]done, len(r.acts))
	actors, run := make([]*actor, len(r.acts)), make([]func(), len(r.acts))
	for i, a := range r.acts {
		actors[i] = r.servers[i].actor
		actors[i].may = &r.may[i]
		run[i] = func() {
			token, err := a.do(r.t.Context(), r.world, r.servers[i])
			r.done[i] = done{acknowledged: err == nil, token: token, err: err}
		}
	}
	return start(actors, run, r.waiting)
}

// seen looks at what was told since it looked last: from the answer of Save on nothing older is let in (I5).
func (r *trial) seen(p *play) error {
	for i, a := range p.actors {
		if !a.over || r.done[i].over {
			continue
		}
		r.done[i].over = true
		if err := r.refused(); err != nil {
			return err
		}
	}
	return nil
}

// saved reports whether Save has answered that it was done.
func (r *trial) saved() bool {
	for i, d := range r.done {
		if d.over && d.acknowledged && r.acts[i].name == save.name {
			return true
		}
	}
	return false
}

// refused reports a session that is let in although Save has answered.
func (r *trial) refused() error {
	if !r.saved() {
		return nil
	}
	tokens := []sallyport.Token{r.older}
	for _, d := range r.done {
		if d.over && d.token != "" {
			tokens = append(tokens, d.token)
		}
	}
	for _, token := range tokens {
		usable, err := r.aside.door.Check(r.t.Context(), token)
		if err != nil {
			return err
		}
		if usable {
			return errors.New("Save has answered, and a session is let in (I5)")
		}
	}
	return nil
}

// judge looks at everything after a run.
func (r *trial) judge([]step) error {
	if err := errors.Join(r.refused(), r.once(), r.recorded(), r.usable()); err != nil {
		return fmt.Errorf("%w\n%s", err, r.outcome())
	}
	outcome := r.outcome()
	if r.fits == nil || r.fits[outcome] {
		r.found[outcome] = true
		return nil
	}
	return fmt.Errorf("no order of whole transactions ends like this:\n%s\nbut like these:\n%s", outcome, strings.Join(slices.Sorted(maps.Keys(r.fits)), "\n\n"))
}

// once: what works once has worked once (I2), and one sign-in was finished at most once.
func (r *trial) once() error {
	used := map[string]int{}
	for i, a := range r.acts {
		if a.once != "" && r.done[i].acknowledged {
			if used[a.once]++; used[a.once] > 1 {
				return fmt.Errorf("the %s was used twice (I2)", a.once)
			}
		}
	}
	return nil
}

// recorded: every change that was acknowledged has its one event, and no other has one (I8).
func (r *trial) recorded() error {
	want := map[string]int{}
	for i, a := range r.acts {
		for _, e := range a.events {
			want[e] += 0
			if r.done[i].acknowledged {
				want[e]++
			}
		}
	}
	for e, n := range want {
		var found int
		if err := r.looker.QueryRow(`SELECT (SELECT count(*) FROM event WHERE type = $1) - (SELECT count(*) FROM kept.event WHERE type = $1)`, e).Scan(&found); err != nil {
			return err
		}
		if found != n {
			return fmt.Errorf("%d events %s of %d changes (I8)", found, e, n)
		}
	}
	return nil
}

// usable: no session is of an older generation (I3), none is there that nobody was told of, and each is of a sign-in that
// proved what was asked (I4): of one that was acknowledged, or from before.
func (r *trial) usable() error {
	names := r.labels()
	rows, err := r.looker.Query(`SELECT s.hash, s.generation = t.generation FROM session s JOIN technician t ON t.id = s.technician WHERE t.id = $1`, string(r.him.ID))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		var now bool
		if err := rows.Scan(&raw, &now); err != nil {
			return err
		}
		name := names[sallyport.Hash(raw)]
		if name == "" || !now {
			return fmt.Errorf("session %q is there, of this generation %v (I3, I4)", name, now)
		}
	}
	return rows.Err()
}

// labels name the sessions and sign-ins that are known.
func (r *trial) labels() map[sallyport.Hash]string {
	names := maps.Clone(r.names)
	for i, d := range r.done {
		if hash, ok := d.token.Hash(); ok && d.acknowledged {
			names[hash] = "session of " + r.acts[i].name
		}
	}
	return names
}

// outcome is what the acts were told and what is stored, without what differs from run to run.
func (r *trial) outcome() string {
	var lines []string
	for i, d := range r.done {
		lines = append(lines, r.acts[i].name+": "+d.String())
	}
	rows, err := r.rows()
	if err != nil {
		return err.Error()
	}
	return strings.Join(append(lines, rows...), "\n")
}

// rows are what is committed, without what differs from run to run.
func (r *trial) rows() (lines []string, err error) {
	rows, err := r.looker.Query(stored, string(r.him.ID))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := r.labels()
	for rows.Next() {
		var what, text string
		var hash []byte
		if err := rows.Scan(&what, &hash, &text); err != nil {
			return nil, err
		}
		if len(hash) == len(sallyport.Hash{}) {
			what += " (" + names[sallyport.Hash(hash)] + ")"
		}
		lines = append(lines, what+" "+text)
	}
	slices.Sort(lines)
	return lines, rows.Err()
}

// stored reads all rows of a technician: what they are, whose they are, and what they say.
const stored = `SELECT 'technician', ''::bytea, concat_ws(' ', method, status, generation, version, wrong_run, recovery_run, wait_until, factor_disabled,
		enrolment_needed, setup_until, last_sign_in_at) FROM technician WHERE id = $1
	UNION ALL SELECT 'factor', '', concat_ws(' ', f.kind, f.last_step, f.step_offset, f.address, f.proved_at, f.used_at,
		f.secret = (SELECT k.secret FROM kept.factor k WHERE k.technician = f.technician)) FROM factor f WHERE technician = $1
	UNION ALL SELECT 'recovery codes', '', concat_ws(' ', count(*), count(*) FILTER (WHERE used_at = 0), count(*) FILTER (WHERE (technician, hash) IN
		(SELECT technician, hash FROM kept.recovery_code))) FROM recovery_code WHERE technician = $1
	UNION ALL SELECT 'enrolment code', '', generation::text FROM enrolment_code WHERE technician = $1
	UNION ALL SELECT 'session', hash, concat_ws(' ', generation, method, used_at, proved_at, expires_at) FROM session WHERE technician = $1
	UNION ALL SELECT 'ended session', hash, concat_ws(' ', reason, ended_at) FROM ended_session
	UNION ALL SELECT 'sign-in', hash, concat_ws(' ', generation, purpose, password, opener, enrolment, recovery, factor, enrolled, wrong,
		length(pending), hint_step, expires_at) FROM sign_in WHERE technician = $1
	UNION ALL SELECT 'code', '', concat_ws(' ', attempts, state, dead) FROM code WHERE technician = $1
	UNION ALL SELECT 'wrong answers', '', concat_ws(' ', day, answers) FROM wrong_day WHERE technician = $1
	UNION ALL SELECT 'devices', '', count(*)::text FROM device WHERE technician = $1
	UNION ALL SELECT 'links', '', count(*)::text FROM link WHERE technician = $1
	UNION ALL SELECT 'message', '', concat_ws(' ', event, recipient, count(*)) FROM outbox GROUP BY event, recipient
	UNION ALL SELECT 'event', '', concat_ws(' ', type, actor, target, outcome, reason, old_values, new_values, count(*)) FROM event
		GROUP BY type, actor, target, outcome, reason, old_values, new_values`
