package selfservice

import (
	"net/http"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// stepDoor is the frame of a page within a sign-in.
func (f *Face) stepDoor(r *http.Request, p session.Page, refused error) view.Door {
	d := view.Door{Organisation: p.Organisation, Logo: f.picture(r.Context()), Problem: problem(r, refused, p.Now), Whose: p.UserName}
	if p.Purpose == sallyport.PurposeSignIn || p.Purpose == sallyport.PurposeSetup {
		d.Who = p.UserName
		if back := web.LocalPath(p.Return); back != "/" {
			d.Return = back
		}
	} else if p.Purpose == sallyport.PurposeStepUp || p.Purpose == sallyport.PurposePhone {
		d.Back = web.LocalPath(p.Return)
	}
	return d
}

// showStep draws the page of the step that the sign-in waits for.
func (f *Face) showStep(w http.ResponseWriter, r *http.Request, p session.Page, refused error) error {
	door := f.stepDoor(r, p, refused)
	switch p.Step.Kind {
	case login.Factor, login.Opener:
		return f.show(w, refused, codePage(door, p))
	case login.Enrol:
		return f.showEnrol(w, r, p, refused)
	case login.EnrolmentCode:
		return f.show(w, refused, view.EnrolmentCode{Door: door})
	case login.Password:
		return f.show(w, refused, view.StepUpPassword{Door: door, UserName: p.UserName, Action: "/sign-in/password", Return: door.Back})
	case login.Closed, login.Disabled, login.Shut, login.NoFactor, login.ChannelDown, login.SetupDown:
		door.Problem = nil // the page itself says it
		return f.show(w, refused, view.Stop{Door: door, Kind: stops[p.Step.Kind], Method: p.Step.Method, Recovery: p.RecoveryLeft > 0 && login.Accepts(p.Step, login.RecoveryRight)})
	}
	return f.lost(w, r, errOver)
}

var stops = map[login.Kind]view.StopKind{login.Closed: view.StopClosed, login.Disabled: view.StopDisabled, login.Shut: view.StopDisabled,
	login.NoFactor: view.StopNoFactor, login.ChannelDown: view.StopDown, login.SetupDown: view.StopDown}

// codePage asks for six digits.
func codePage(door view.Door, p session.Page) view.Code {
	return view.Code{Door: door, Task: task(p), Method: p.Step.Method, Why: p.Why, Recovery: p.RecoveryLeft > 0 && p.Step.Kind != login.Enrol,
		Delivery: delivery(p), FreshAt: p.FreshAt}
}

func task(p session.Page) view.Task {
	switch {
	case p.Step.Kind == login.Enrol:
		return view.TaskEnrol
	case p.Purpose == sallyport.PurposePhone:
		return view.TaskPhone
	case p.Purpose == sallyport.PurposeStepUp:
		return view.TaskStepUp
	case p.Step.Kind == login.Opener:
		return view.TaskOpener
	}
	return view.TaskSignIn
}

func delivery(p session.Page) view.Delivery {
	return view.Delivery{Masked: p.Masked, Sent: p.Sent, Live: p.Live, State: p.State, Detail: p.Detail, ValidUntil: p.ValidUntil,
		ResendAt: p.ResendAt, TriesLeft: p.TriesLeft, Now: p.Now}
}

// showEnrol draws the set-up: the QR code of the app, or the code that proves a mailbox or number.
func (f *Face) showEnrol(w http.ResponseWriter, r *http.Request, p session.Page, refused error) error {
	door := f.stepDoor(r, p, refused)
	if p.Step.Method != sallyport.MethodApp {
		return f.show(w, refused, codePage(door, p))
	}
	code, err := view.NewQR(p.URI)
	if err != nil {
		return err
	}
	return f.show(w, refused, view.EnrolApp{Door: door, Why: p.Why, QR: code, Secret: p.Secret, URI: p.URI, Account: p.UserName,
		NewPhone: p.Purpose == sallyport.PurposePhone})
}
