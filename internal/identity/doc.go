// Package identity reads what people type as names and addresses: user names, email addresses, phone numbers and the
// names of persons.
//
// It owns the one canonical form of each, by which they are stored and compared, and says in words what is wrong with
// what has none. It knows nothing of accounts: whether a name is taken is for whoever stores them. Begin with UserName in
// username.go; the others have a file each, letters.go and lookalike.go hold the tables. A phone number goes from phone.go,
// which reads the text, through number.go, which takes it apart, to plan.go, which reads the plans in phone.txt.
package identity
