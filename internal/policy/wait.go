package policy

import "time"

const (
	freeWrongs  = 4  // wrong answers that cost no wait
	freeWide    = 12 // the same where a whole /48 or /24 is counted, which many people share
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	accountWait = 30 * time.Second
)

// FactorWait is how long nothing is looked at after so many wrong second-factor answers in a row: 1 second from the 5th
// on, doubling to 15 minutes.
func FactorWait(run int) time.Duration { return growing(run-freeWrongs, longestWait) }

// PasswordWait is the wait after so many wrong passwords for one account from one network, or in one known browser:
// 1 second from the 5th on, doubling to 15 minutes.
func PasswordWait(wrong int) time.Duration { return growing(wrong-freeWrongs, longestWait) }

// WideWait is the wait after so many wrong passwords for one account from one /48, or from the /24 of an IPv4 address:
// 1 second from the 13th on, doubling to 15 minutes.
func WideWait(wrong int) time.Duration { return growing(wrong-freeWide, longestWait) }

// AccountWait is the wait after so many wrong passwords for one account over all networks: never more than 30 seconds,
// so that nobody can keep an account's owner out.
func AccountWait(wrong int) time.Duration { return growing(wrong-freeWrongs, accountWait) }

// growing is a second for the first beyond what is free, doubling to most.
func growing(beyond int, most time.Duration) time.Duration {
	if beyond < 1 {
		return 0
	}
	wait := firstWait
	for range beyond - 1 {
		if wait *= 2; wait >= most {
			return most
		}
	}
	return wait
}

// Bucket is a throttle without a memory of who: so many at once, then one every so often. Whoever finds it full waits
// for Every at most, as long as nobody else takes the place.
type Bucket struct {
	Every time.Duration
	Burst int
}

// Room is how far ahead of the clock a full bucket is.
func (b Bucket) Room() time.Duration { return time.Duration(b.Burst) * b.Every }

// The throttles over all accounts. None of them counts a browser that signed in before, and none a right password.
var (
	// SprayBucket is for one password: accounts on which it was wrong.
	SprayBucket = Bucket{Every: 30 * time.Second, Burst: 10}
	// NetworkBucket is for one IPv4 address or one /64: wrong passwords. Offices share an address.
	NetworkBucket = Bucket{Every: 6 * time.Second, Burst: 200}
	// WideBucket is for one /24 or one /48: wrong passwords.
	WideBucket = Bucket{Every: 3 * time.Second, Burst: 400}
)
