// Package audit says which events exist, what each holds, and how they leave the house.
//
// It owns the registry of event types, the making of one event, and the forms in which events are exported; docs/events.md
// is written from the registry. It decides nothing: the use case writes its event in its own transaction, and where it
// refuses, refused.go leaves the event of that in one more. No secret may stand in an event, and no text in it can change
// how a terminal, a spreadsheet or a log reads it. Begin with types.go; event.go makes an event, export.go writes many.
package audit
