package policy

import "time"

const (
	freeWrongs  = 4 // wrong answers that cost no wait
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	accountWait = 30 * time.Second
)

// FactorWait is how long nothing is looked at after so many wrong second-factor answers in a row: 1 second from the 5th
// on, doubling to 15 minutes.
func FactorWait(run int) time.Duration { return growing(run, longestWait) }

// PasswordWait is the wait after so many wrong passwords for one account from one network, or in one known browser:
// 1 second from the 5th on, doubling to 15 minutes.
func PasswordWait(wrong int) time.Duration { return growing(wrong, longestWait) }

// AccountWait is the wait after so many wrong passwords for one account over all networks: never more than 30 seconds,
// so that nobody can keep an account's owner out.
func AccountWait(wrong int) time.Duration { return growing(wrong, accountWait) }

func growing(wrong int, most time.Duration) time.Duration {
	if wrong <= freeWrongs {
		return 0
	}
	wait := firstWait
	for range wrong - freeWrongs - 1 {
		if wait *= 2; wait >= most {
			return most
		}
	}
	return wait
}
