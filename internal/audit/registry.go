package audit

// Description is what the docs say of a type: when its event is written and what stands in before and after. Security
// marks a change of who may sign in and how, whose event is written in the transaction of the change.
type Description struct {
	Type     Type
	When     string
	Fields   []string
	Security bool
}

// Types are all events that exist, in the order of the docs.
var Types = []Description{
	{SignInPasswordRight, "The user name and password of a sign-in, or the password of a confirmation, were right.", nil, false},
	{SignInPasswordWrong, "They were not, or the name is unknown, or the account is not active, or it changed while that was looked at (the reason says so). The target stands in the event only where there is one; what was typed is kept nowhere.", nil, false},
	{SignInThrottled, "A password was not looked at, because too many wrong ones came before.", nil, false},
	{SignInCodeSent, "A code went to the gateway. The outcome says how sure that is, the reason by which channel.", nil, false},
	{SignInCodeFailed, "A code surely did not go out. The reason says by which channel.", nil, false},
	{SignInCodeRefused, "A code was not sent, because a limit was reached, or an answer was not looked at, because the code was dead, wrong ones before it made it wait, or the factor or the recovery codes are switched off. The reason says which.", nil, false},
	{SignInFactorAttempt, "An answer to the second page was counted, before it was compared.", nil, false},
	{SignInFactorRight, "The answer was right.", nil, false},
	{SignInFactorWrong, "The answer was wrong.", nil, false},
	{SignInFactorDisabled, "Too many wrong answers switched the second factor off, until an administrator resets it.", nil, true},
	{SignInRecoveryDisabled, "Too many wrong recovery codes: none is taken until there are new ones, or the factor is reset.", nil, true},
	{SignInRecoveryUsed, "A recovery code stood in the place of a code.", []string{"recovery_left"}, true},
	{SignInRecoveryWrong, "A recovery code was wrong or used before.", nil, false},
	{SignInEnrolmentCodeRight, "The enrolment code that an administrator read out was right.", nil, true},
	{SignInEnrolmentCodeWrong, "It was wrong or too old.", nil, false},
	{SignInFinished, "A sign-in ended in a session.", []string{"method"}, false},
	{SignInHelp, "A technician asked for help on the code page. The number that he reads out is kept out of the log.", nil, false},

	{SessionEnded, "A session ended before its time. The reason says by whom or why.", []string{"browser and address (where an administrator ended it)"}, false},
	{SessionStepUp, "A technician proved again who is there, before a sensitive change.", []string{"method"}, false},
	{SessionStepUpWrong, "A technician tried to prove that, and the answer was wrong.", nil, false},

	{FactorEnrolled, "A second factor was set up and proved.", []string{"factor", "address"}, true},
	{FactorRetired, "The earlier second factor was taken away after the new one was proved, or with the method.", []string{"factor", "address"}, true},
	{FactorClock, "Two codes showed that the clock of a phone, which was off when its app was set up, is right now: the offset that was kept is forgotten.", []string{"offset (steps of 30 seconds)"}, true},
	{FactorReset, "An administrator reset a second factor.", []string{"factor", "enrolment_code"}, true},
	{SetupOpened, "An administrator opened a set-up again that was not begun in time.", []string{"setup_until", "enrolment_code"}, true},
	{RecoveryRenewed, "A technician took ten new recovery codes; the old ones are void.", nil, true},
	{PasswordChanged, "A technician changed their own password.", nil, true},
	{PasswordResetAsked, "Somebody asked for a password reset. The target stands in the event only where there is one; what was typed is kept nowhere.", nil, false},
	{PasswordResetWaiting, "A password reset waits for an administrator, because nothing outside the mailbox would be asked for.", nil, false},
	{PasswordResetApproved, "An administrator approved a waiting password reset.", nil, true},
	{PasswordResetDenied, "An administrator denied a waiting password reset.", nil, true},
	{PasswordResetCompleted, "A password was set through a reset link.", nil, true},

	{TechnicianAdded, "A technician was added, and invited.", technicianFields, true},
	{TechnicianImported, "A technician was added from a file.", technicianFields, true},
	{TechnicianEdited, "A technician's record was changed.", technicianFields, true},
	{TechnicianMethodChanged, "A technician's method was changed, perhaps with other fields.", technicianFields, true},
	{TechnicianDeactivated, "An account was deactivated.", []string{"status", "sessions"}, true},
	{TechnicianActivated, "An account was activated.", []string{"status"}, true},
	{TechnicianDeleted, "An account was deleted.", append([]string{"sessions"}, technicianFields...), true},
	{TechnicianSignedOut, "An administrator signed a technician out everywhere.", []string{"sessions"}, true},
	{SaveRefused, "A change, a test of a gateway or an export was refused. The reason is the code of the refusal and the fields; nothing was changed.", []string{"channel (of a gateway's settings)"}, false},
	{InvitationSent, "A further invitation was made and handed to the outbox, or shown to the administrator. The first one belongs to technician.added or technician.imported, and one that follows from a change or an activation to the event of that.", nil, true},
	{InvitationAccepted, "An invited technician set a password.", []string{"status"}, true},
	{HelpDone, "An administrator marked a request for help as done.", []string{"number"}, false},

	{EmailSettingsDraft, "A draft of the Email Settings was saved.", gatewayFields, true},
	{EmailSettingsTested, "A test message was sent through Email Settings, or (outcome wrong) the code typed back was not its own.", []string{"to"}, false},
	{EmailSettingsProved, "The code of the test message was typed back: the draft is in use.", gatewayFields, true},
	{EmailSettingsDiscarded, "A draft of the Email Settings was thrown away.", gatewayFields, true},
	{EmailSettingsRemoved, "Email Settings were removed.", gatewayFields, true},
	{SMSSettingsDraft, "A draft of the SMS Settings was saved.", gatewayFields, true},
	{SMSSettingsTested, "A test message was sent through SMS Settings, or (outcome wrong) the code typed back was not its own.", []string{"to"}, false},
	{SMSSettingsProved, "The code of the test message was typed back: the draft is in use.", gatewayFields, true},
	{SMSSettingsDiscarded, "A draft of the SMS Settings was thrown away.", gatewayFields, true},
	{SMSSettingsRemoved, "SMS Settings were removed.", gatewayFields, true},
	{DeliveryFailed, "A notice, a link or a test message could not be delivered.", []string{"message", "to"}, false},
	{PolicyChanged, "One or more of the sign-in's numbers (`sallyport policy`), the organisation's name or its logo were changed.", []string{"the settings by name"}, true},
	{SetupFinished, "The first Super Admin was made.", technicianFields, true},
	{RescueIssued, "Somebody on the host issued a rescue link.", nil, true},
	{RescueUsed, "A rescue link set a new password and a new authenticator app.", []string{"method", "status"}, true},
	{RescueAcknowledged, "A Super Admin acknowledged the notice of a rescue, or of a database that was put back.", nil, false},
	{AuditExported, "The audit log was exported, or the proof of one event.", []string{"format", "filter", "events"}, false},
	{AuditErased, "What the audit log said of a person whose account is deleted was erased. The target is the account's id alone.", []string{"events", "also (places of events that name the person without being about an account)"}, false},
	{AuditPruned, "Events older than audit-keep were deleted; their leaves stay in the tree.", []string{"below (the first place that is kept)", "events", "until (time of the newest that was deleted)"}, false},
	{BackupMade, "A backup of the database was written.", []string{"with_key"}, false},
	{ClockJumped, "The wall clock parted from the monotonic one: unfinished sign-ins and codes were ended, and sessions that began later than it shows now.", []string{"seconds"}, false},
	{RestoreAccepted, "An operator went on with a database that was put back from a backup: everything that was alive in it was ended.", []string{"restore_epoch", "sessions"}, true},
	{CopyMade, "The installation was copied into this database: sessions, and sign-ins under way with their codes, were ended. Links and enrolment codes that were handed out go on.", []string{"rows", "sessions"}, true},
	{KeyRotated, "Another key of the key file is in force: what is sealed from now on is sealed with it.", []string{"key (its id)"}, true},
	{KeyMoved, "No value is sealed with an older key any more.", []string{"key (its id)", "values"}, false},
	{KeyDropped, "A key that sealed nothing any more was taken out of the key file of a node.", []string{"key (its id)"}, true},
	{SecretOpenFailed, "A stored secret, of the target where there is one, did not open, and nobody was let in by it and nothing was sent with it: it was copied from another row, changed, or sealed with a key that this server does not have. The reason says which secret. For Email Settings, SMS Settings and messages that wait, each server writes it at most once an hour for each of the three. Nothing in Sallyport does that: look at who can write to the database.", nil, false},
}

var (
	technicianFields = []string{"first_name", "last_name", "user_name", "email", "phone", "role", "status", "method"}
	gatewayFields    = []string{"kind", "the settings that are not secret", "secrets (which of them are set)"}
)

var byType = func() map[Type]Description {
	m := make(map[Type]Description, len(Types))
	for _, d := range Types {
		m[d.Type] = d
	}
	return m
}()

// Find returns the description of t, false when there is no such type.
func Find(t Type) (Description, bool) {
	d, ok := byType[t]
	return d, ok
}
