package view

import "time"

// Stay is what a page of somebody who is signed in knows of his session's end, so that its script can say so a minute before
// and let it go on (WCAG 2.2 success criterion 2.2.1).
type Stay struct {
	Idle time.Duration // without use, after which it ends
	Left time.Duration // until it ends whatever is done
}

// IdleSeconds is Idle for the script.
func (s Stay) IdleSeconds() int { return int(s.Idle / time.Second) }

// LeftSeconds is Left for the script.
func (s Stay) LeftSeconds() int { return int(max(0, s.Left) / time.Second) }
