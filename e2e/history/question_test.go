package history

// act is what is asked of the door about one technician.
type act string

const (
	begin      act = "begin"  // the right password
	answer     act = "answer" // six digits, in a sign-in
	resend     act = "resend" // a fresh code, please
	look       act = "look"   // is this session let in?
	leave      act = "leave"  // its owner ends it
	everywhere act = "everywhere"
	shut       act = "deactivate"
	open       act = "activate"
	save       act = "save" // an administrator turns the method
	reset      act = "reset"
	jump       act = "jump" // a node noticed that the clock was set
)

// said is what the door answered.
type said string

const (
	yes     said = "yes"   // in, live, done; begin and answer: the sign-in goes on
	no      said = "no"    // not live; wrong password; answer: compared, and wrong
	spent   said = "spent" // answer: the code can no longer be used
	over    said = "over"  // the sign-in is no more
	later   said = "later" // refused, and nothing claimed: a limit, a node that may not answer
	failed  said = "failed"
	unknown said = "" // no answer came
)

// mayBe says of an answer that claims nothing whether the act may have happened all the same. After failed (a 5xx) that is
// over; without an answer it may still be under way.
func mayBe(a said) bool { return a == failed || a == unknown }

// What a technician proves himself with. Codes by email go the same way as those by text message.
const (
	byApp  = "app"
	byText = "text"
	off    = "off"
)

// question is the input of an operation. Sign-ins and sessions are named by tokens of the test, apps by their number.
type question struct {
	Who    int
	Act    act
	SignIn string
	Token  string // look, leave; the session that a sign-in brought
	Method string // save: the new one

	// answer: the digits of an app's step (0: of none), or those typed of a message
	Key    int
	Step   int64
	Typed  string
	Enrols bool // the page sets something up, and Key is the app that it shows

	// begin, resend, and an answer after which a code is sent
	Digits string // the code that went out; empty where that is not known
	None   bool   // the page said that none went out

	// what mark adds
	Call    int64
	Came    int64 // when a message with Typed came last; 0: never
	Rushed  bool  // something that ends sign-ins, or a jump of the clock, overlapped it
	Crowded bool  // another answer or resend in the same sign-in overlapped it
}
