package delivery

// notYou ends a message about something that its reader should have done himself.
const notYou = `
If that was not you, change your password and tell your administrator at once.
`

// notices are the texts, in plain words and without anything to click but the one-use links that were asked for.
var notices = map[NoticeKind]noticeText{
	NoticeInvitation: text("Your {{.Organisation}} account", `
{{with .By}}{{.}} has{{else}}Somebody has{{end}} made an account for you at {{.Organisation}}. This address sets your
password{{with .Method}}{{if ne . "off"}} and your second factor{{end}}{{end}}. It works once, until {{time .Until}}:

{{.Link}}

Your user name is {{.UserName}}.

If you did not expect this, you need not do anything.
`),
	NoticeInvitationOff: text("Your invitation to {{.Organisation}} no longer works", `
{{with .By}}{{.}}{{else}}Your administrator{{end}} changed the email address of this account before it was
set up. The link in the invitation that came to this mailbox no longer works;
a new invitation has gone to the other mailbox.

You need not do anything. If you had expected to be invited here, please tell
your administrator.
`),
	NoticeReset: text("Set a new password for {{.Organisation}}", `
Somebody, probably you, asked for a new password. This address sets it. It
works once, until {{time .Until}}:

{{.Link}}

It changes nothing about your second factor.

If you did not ask, you need not do anything: your password stays as it is.
`),
	NoticeResetWaiting: text("Your new password waits for an administrator", `
Somebody, probably you, asked for a new password. An administrator has to
approve that first, since nothing but this mailbox would be asked for
otherwise. You will get the address by email when that is done.

If you did not ask, please tell your administrator.
`),
	NoticeResetAlone: text("Nobody can approve your new password", `
Somebody, probably you, asked for a new password. That has to be approved
first, since nothing but this mailbox would be asked for otherwise, and there
is no other administrator who can do it. Whoever runs the server can let you
in with: sallyport rescue

If you did not ask, somebody else did. Your password stays as it is.
`),
	NoticeResetToDecide: text("{{.Who}} asks for a new password", `
{{.Who}} asked for a new password, and it waits for your approval in Admin,
Technicians and Roles, Password resets. Make sure that it is really this
person before you approve: call back, do not answer by email.
`),
	NoticeResetRefused: text("Your request for a new password was refused", `
{{with .By}}{{.}}{{else}}An administrator{{end}} refused the request for a new password. Your password stays
as it is. If you need a new one, please talk to your administrator.
`),
	NoticeMethod: text("How you sign in to {{.Organisation}} was changed", `
{{with .By}}{{.}}{{else}}Your administrator{{end}} changed how you sign in.{{with .Method}} Your second factor is now: {{.}}.{{end}}

You are signed out everywhere{{if .Shut}}. Your account stays deactivated{{else}}, and the next sign-in will say what to do{{end}}.

If you did not expect this, please tell your administrator.
`),
	NoticeAccount: text("Your {{.Organisation}} account was changed", `
{{with .By}}{{.}}{{else}}Your administrator{{end}} changed {{with .What}}the {{.}} of your account{{else}}your account{{end}}.

You are signed out everywhere. {{if .Shut}}Your account stays deactivated.{{else}}Please sign in again.{{end}}

If you did not expect this, please tell your administrator.
`),
	NoticeFactorReset: text("Your second factor was reset", `
{{with .By}}{{.}}{{else}}Your administrator{{end}} reset your second factor. What you used until now no longer
works, nor do your recovery codes. The next sign-in will show you how to set up
a new one.

If you did not expect this, please tell your administrator.
`),
	NoticeFactorSetUp: text("A second factor was set up", `
A second factor was set up for your account{{with .Method}}: {{.}}{{end}}.
`+notYou),
	NoticeWrongCodes: text("Wrong codes after your right password", `
Somebody gave your right password and then three wrong codes. If that was you,
you need not do anything.

If it was not, somebody knows your password: change it and tell your
administrator at once. Without your second factor it opens nothing.
`),
	NoticeCodesPaused: text("No more codes are sent for now", `
So many codes{{with .What}} by {{.}}{{end}} were asked for in your name that no more
{{if .Until.IsZero}}are sent for now{{else}}are sent before {{time .Until}}{{end}}.{{if .Left}} A recovery code
works meanwhile.{{end}}

If that was you and they did not arrive, please tell your administrator. If it
was not, somebody knows your password: change it and tell your administrator at
once. Without a code it opens nothing.
`),
	NoticeCodesPausedOf: text("No more codes are sent to {{.Who}} for now", `
So many codes{{with .What}} by {{.}}{{end}} were asked for in the name of {{.Who}}
that no more {{if .Until.IsZero}}are sent for now{{else}}are sent before {{time .Until}}{{end}}.

Please ask whether that was the owner of the account. Codes that do not arrive are
a matter for the gateway, or for another method. If it was somebody else, he knows
the password: it opens nothing without a code, but should be changed today.

You are told of this once a day at most.
`),
	NoticeFactorOff: text("Your second factor was switched off", `
There were so many wrong codes after your right password that your second
factor was switched off. Nobody gets in with it, neither do you, until an
administrator has reset it.{{if .Left}} A recovery code still works.{{end}}

If the codes were not yours, somebody knows your password. Please tell your
administrator at once.
`),
	NoticePassword: text("Your password was changed", `
The password of your account was changed.
`+notYou),
	NoticeRecoveryUsed: text("A recovery code was used", `
A recovery code of your account was used. {{if eq .Left 0}}None is left: please make
new ones on your own page.{{else if eq .Left 1}}One is left: please make new ones on your own page.{{else}}You have {{.Left}} left.{{end}}
`+notYou),
	NoticeRecoveryOff: text("Your recovery codes were switched off", `
There were so many wrong recovery codes after your right password that none is
taken any more. {{if .Shut}}Your second factor is switched off too: nobody gets in, neither do you,
until an administrator has reset it.{{else}}Your second factor still works: sign in with it and make new
recovery codes on your own page.{{end}}

If the wrong ones were not yours, somebody knows your password: change it and
tell your administrator at once.
`),
	NoticeRecoveryNew: text("New recovery codes were made", `
Ten new recovery codes were made for your account. The old ones no longer work.
`+notYou),
	NoticeSignedOut: text("You were signed out everywhere", `
{{with .By}}{{.}}{{else}}Your administrator{{end}} signed you out everywhere. You can sign in again.
`),
	NoticeHelp: text("{{.Who}} needs help to sign in", `
{{.Who}} cannot get past the code page and asks for help. The number shown on
that page is {{.Number}}. Let it be read out to you before you do anything: whoever
cannot, is somebody else.
`),
	NoticeRescue: text("A rescue was issued for {{.Who}}", `
On the host, {{with .By}}{{.}}{{else}}somebody{{end}} issued a rescue link for {{.Who}}. It sets a new password and a
new authenticator app. It stands in the audit log, and on your page until you
acknowledge it.

If nobody told you about this, look at once who has a shell on that host.
`),
	NoticeSessionEnded: text("A session was ended by three wrong answers", `
One of your sessions asked for your {{if eq .Method "off"}}password{{else}}second factor{{end}} again, got three wrong
answers, and was ended.
`+notYou),
	NoticeDeactivated: text("Your {{.Organisation}} account was deactivated", `
{{with .By}}{{.}}{{else}}Your administrator{{end}} deactivated your account. You are signed out everywhere.
`),
}
