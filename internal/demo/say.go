package demo

import (
	"fmt"
	"io"
)

// say tells the terminal where to go and what to try first.
func say(out io.Writer, door, workbench string, t *team) {
	boss, live := t.boss(), t.live()
	end := "Everything listens on this machine only and is gone when you press Ctrl-C."
	if t.kept {
		end = "Everything listens on this machine only and ends when you press Ctrl-C. The data folder stays, until the next demo in it\nbegins anew."
	}
	fmt.Fprintf(out, `
Sallyport runs with the organisation %s: a Super Admin and eight technicians.

  Workbench   %s
              inbox, phone, and three live browsers of %s
  Sallyport   %s
  Sign in as  %s
  Password    %s
  Code        from the phone on the workbench

Try this first:

  1. Open the workbench, and keep it in sight.
  2. In a second window sign in to Sallyport as %s; the code is on the workbench's phone.
  3. Technicians and Roles, the menu of %s, Edit Technician: choose Authenticator App, then Save and sign out.
     The three browsers turn red, with the milliseconds.
  4. Sign in as %s in a private window (password on the workbench). Give the workbench's phone a picture of the
     QR code, or the key, and type the six digits that it shows.

%s

`, organisation, workbench, live.Name(), door, boss.UserName, boss.Password, boss.Name(), live.Name(), live.Name(), end)
}
