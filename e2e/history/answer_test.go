package history

import "slices"

// tries is how often one sent code is compared at most.
const tries = 3

// judged is what is known of typed digits before they are compared: they may be right, or wrong, or either where nobody
// knows which code went out.
func (r rules) judged(s state, i signIn, q question) (right, wrong bool) {
	proof, sets, _ := s.step(i)
	switch {
	case proof != byText && sets:
		right = q.Enrols && q.Step > 0
		return right, !right
	case proof != byText:
		right = q.Step > 0 && q.Key == s.Key && (q.Step > s.Last || r.reuse)
		return right, !right
	case i.Code.None || q.Typed == "" || i.Code.Tries >= tries && !r.tireless:
		return false, true
	case i.Code.Digits != "":
		right = q.Typed == i.Code.Digits
		return right, !right
	}
	fresh := q.Came >= i.Code.Born || r.old && q.Came > 0
	return fresh && (r.reuse || !slices.Contains(s.Used, q.Typed)), true
}

// answered: six digits were typed.
func (r rules) answered(s state, q question, a said) []state {
	i, there := s.find(q.SignIn)
	if a == over {
		if there && !i.Frail && !q.Rushed {
			return nil
		}
		return burnt(s.drop(q.SignIn), q)
	}
	if !there {
		return nil
	}
	proof, _, _ := s.step(i)
	right, wrong := r.judged(s, i, q)
	wrong = wrong || q.Rushed || q.Crowded
	switch {
	case a == yes && right:
		return []state{r.accept(s, i, q)}
	case a == no && wrong && proof == byText:
		return only(!i.Code.None && i.Code.Tries < tries-1, s.tried(i))
	case a == no && wrong:
		return burnt(s, q)
	case a == spent && proof == byText:
		return s.exhausted(i, q, wrong)
	}
	return nil
}

// burnt adds that the app's step counts as used: where the clock was set meanwhile, or something ended the sign-in
// between the use of the step and what follows it.
func burnt(s state, q question) []state {
	if !q.Rushed || q.Key != s.Key || q.Step <= s.Last || s.Held != byApp || q.Enrols {
		return []state{s}
	}
	t := s
	t.Last = q.Step
	return []state{s, t}
}

// tried counts one comparison.
func (s state) tried(i signIn) state {
	i.Code.Tries = min(i.Code.Tries+1, tries)
	return s.put(i)
}

// exhausted: the code can no longer be used. Either this was the third comparison, or there was none. While others are
// compared at the same time they are counted first, so that one may be refused before it is known how they end.
func (s state) exhausted(i signIn, q question, wrong bool) []state {
	switch {
	case i.Code.None || i.Code.Tries >= tries:
		return []state{s}
	case q.Crowded || i.Code.Unseen:
		return []state{s, s.tried(i)}
	case i.Code.Tries == tries-1 && wrong:
		return []state{s.tried(i)}
	}
	return nil
}

// counted is what an answer that nobody heard of may leave behind though it led to nothing.
func counted(s state, q question) []state {
	i, there := s.find(q.SignIn)
	if q.Act != answer || !there {
		return nil
	}
	if proof, _, _ := s.step(i); proof == byText && !i.Code.None && i.Code.Tries < tries {
		return []state{s.tried(i)}
	}
	return burnt(s, q)[1:]
}

// goesOn is the name of a sign-in that goes on under a fresh token.
func goesOn(name string) string { return name + "'" }

// accept takes right digits: the door opens, or the way to the new factor.
func (r rules) accept(s state, i signIn, q question) state {
	proof, sets, opens := s.step(i)
	switch {
	case proof == byText:
		s.Used = with(s.Used, q.Typed)
	case !sets:
		s.Last = max(s.Last, q.Step)
	}
	s = s.drop(i.Name)
	if opens {
		return s.put(s.asks(signIn{Name: goesOn(i.Name), Opened: true, Frail: i.Frail}, q))
	}
	if sets {
		s = r.end(s)
		s.Held, s.Key, s.Last = proof, 0, 0
		if proof == byApp {
			s.Key, s.Last = q.Key, q.Step
		}
	}
	s.Live = with(s.Live, q.Token)
	return s
}
