package rehearsal

// Person is who is called, and when.
type Person struct {
	Variables map[string]any `yaml:"person"` // as the callData of a lead; phoneNumber is the number called
	Zone      string         `yaml:"zone"`   // Windows or IANA name; "" = the campaign's
	At        string         `yaml:"at"`     // local time of the answer, such as 2026-11-26T10:15; "" = now
}
