package audit

// Type names one kind of event: subject.verb, stable, in lower case. Filters match a type or a prefix that ends in a dot.
type Type string

// A sign-in, step by step.
const (
	SignInPasswordRight      Type = "signin.password.right"
	SignInPasswordWrong      Type = "signin.password.wrong"
	SignInThrottled          Type = "signin.throttled"
	SignInCodeSent           Type = "signin.code.sent"
	SignInCodeFailed         Type = "signin.code.failed"
	SignInCodeRefused        Type = "signin.code.refused"
	SignInFactorAttempt      Type = "signin.factor.attempt"
	SignInFactorRight        Type = "signin.factor.right"
	SignInFactorWrong        Type = "signin.factor.wrong"
	SignInFactorDisabled     Type = "signin.factor.disabled"
	SignInRecoveryDisabled   Type = "signin.recovery.disabled"
	SignInRecoveryUsed       Type = "signin.recovery.used"
	SignInRecoveryWrong      Type = "signin.recovery.wrong"
	SignInEnrolmentCodeRight Type = "signin.enrolment-code.right"
	SignInEnrolmentCodeWrong Type = "signin.enrolment-code.wrong"
	SignInFinished           Type = "signin.finished"
	SignInHelp               Type = "signin.help"
)

// Sessions.
const (
	SessionEnded       Type = "session.ended"
	SessionStepUp      Type = "session.stepup.right"
	SessionStepUpWrong Type = "session.stepup.wrong"
)

// What a technician holds.
const (
	FactorEnrolled         Type = "factor.enrolled"
	FactorRetired          Type = "factor.retired"
	FactorClock            Type = "factor.clock"
	FactorReset            Type = "factor.reset"
	SetupOpened            Type = "factor.setup.opened"
	RecoveryRenewed        Type = "recovery.renewed"
	PasswordChanged        Type = "password.changed"
	PasswordResetAsked     Type = "password.reset.asked"
	PasswordResetWaiting   Type = "password.reset.waiting"
	PasswordResetApproved  Type = "password.reset.approved"
	PasswordResetDenied    Type = "password.reset.denied"
	PasswordResetCompleted Type = "password.reset.completed"
)

// What administrators do to technicians.
const (
	TechnicianAdded         Type = "technician.added"
	TechnicianImported      Type = "technician.imported"
	TechnicianEdited        Type = "technician.edited"
	TechnicianMethodChanged Type = "technician.method.changed"
	TechnicianDeactivated   Type = "technician.deactivated"
	TechnicianActivated     Type = "technician.activated"
	TechnicianDeleted       Type = "technician.deleted"
	TechnicianSignedOut     Type = "technician.signed-out"
	SaveRefused             Type = "save.refused"
	InvitationSent          Type = "invitation.sent"
	InvitationAccepted      Type = "invitation.accepted"
	HelpDone                Type = "help.done"
)

// The installation.
const (
	EmailSettingsDraft     Type = "email.settings.draft"
	EmailSettingsTested    Type = "email.settings.tested"
	EmailSettingsProved    Type = "email.settings.proved"
	EmailSettingsDiscarded Type = "email.settings.discarded"
	EmailSettingsRemoved   Type = "email.settings.removed"
	SMSSettingsDraft       Type = "sms.settings.draft"
	SMSSettingsTested      Type = "sms.settings.tested"
	SMSSettingsProved      Type = "sms.settings.proved"
	SMSSettingsDiscarded   Type = "sms.settings.discarded"
	SMSSettingsRemoved     Type = "sms.settings.removed"
	DeliveryFailed         Type = "delivery.failed"
	PolicyChanged          Type = "policy.changed"
	SetupFinished          Type = "setup.finished"
	RescueIssued           Type = "rescue.issued"
	RescueUsed             Type = "rescue.used"
	RescueAcknowledged     Type = "rescue.acknowledged"
	AuditExported          Type = "audit.exported"
	AuditErased            Type = "audit.erased"
	AuditPruned            Type = "audit.pruned"
	BackupMade             Type = "backup.made"
	ClockJumped            Type = "clock.jumped"
	RestoreAccepted        Type = "restore.accepted"
	CopyMade               Type = "copy.made"
	KeyRotated             Type = "key.rotated"
	KeyMoved               Type = "key.moved"
	KeyDropped             Type = "key.dropped"
	SecretOpenFailed       Type = "secret.open.failed"
)
