package config

import "fmt"

// Limits bound what strangers and single accounts can take. Their defaults are beyond what a normal installation meets; 0 is off
// where the help says so.
type Limits struct {
	Connections           int `help:"HTTP connections at once; 0 is no limit." default:"10000" env:"NACRE_CONNECTIONS"`
	ConnectionsPerAddress int `help:"HTTP connections at once from one address (of IPv6: a /64), a --trusted-proxy excepted; 0 is no limit." name:"connections-per-address" default:"2000" env:"NACRE_CONNECTIONS_PER_ADDRESS"`
	BodyMemory            int `help:"MiB that bodies of requests may take at once, at least 128." name:"body-memory" default:"256" env:"NACRE_BODY_MEMORY"`
	DiskFree              int `help:"MiB that must be free on the disk of the data folder: below it no call begins and nothing new is taken; stops and other bodies of up to 4 KiB still work. 0 is off." name:"disk-free" default:"512" env:"NACRE_DISK_FREE"`
	VoiceCache            int `help:"MiB on the disk of the data folder that speech of the neural voice takes at most: the least recently used is removed. 0: the embedded voice speaks." name:"voice-cache" default:"512" env:"NACRE_VOICE_CACHE"`
	TrunksPerAccount      int `help:"SIP trunks of an account; 0 is no limit." name:"trunks-per-account" default:"100" env:"NACRE_TRUNKS_PER_ACCOUNT"`
	NumbersPerAccount     int `help:"Phone numbers of an account; 0 is no limit." name:"numbers-per-account" default:"1000" env:"NACRE_NUMBERS_PER_ACCOUNT"`
	PearlsPerAccount      int `help:"Pearls of an account, archived ones included; 0 is no limit." name:"pearls-per-account" default:"2000" env:"NACRE_PEARLS_PER_ACCOUNT"`
	RequestsPerAccount    int `help:"Call requests of an account that are not over; 0 is no limit." name:"requests-per-account" default:"10000" env:"NACRE_REQUESTS_PER_ACCOUNT"`
	LeadsPerAccount       int `help:"Leads of an account; 0 is no limit." name:"leads-per-account" default:"5000000" env:"NACRE_LEADS_PER_ACCOUNT"`
	CallsPerDay           int `help:"Calls over trunks that an account may begin on a day (UTC); the sandbox carrier is exempt. 0 is no cap." name:"calls-per-day" default:"50000" env:"NACRE_CALLS_PER_DAY"`
	MinutesPerDay         int `help:"Started minutes of calls over trunks that an account may use on a day (UTC); calls that run end normally. 0 is no cap." name:"minutes-per-day" default:"100000" env:"NACRE_MINUTES_PER_DAY"`
	CallsPerDayOfKey      int `help:"Calls over trunks that may begin on a day (UTC) to leads and requests of one API key. 0 is no cap." name:"calls-per-day-of-key" default:"25000" env:"NACRE_CALLS_PER_DAY_OF_KEY"`
	MinutesPerDayOfKey    int `help:"Started minutes that calls over trunks to leads and requests of one API key may use on a day (UTC). 0 is no cap." name:"minutes-per-day-of-key" default:"50000" env:"NACRE_MINUTES_PER_DAY_OF_KEY"`
	RecordingsPerAccount  int `help:"MiB of recordings of an account; beyond it calls are made and not recorded, and nothing is deleted. 0 is no limit." name:"recordings-per-account" default:"20480" env:"NACRE_RECORDINGS_PER_ACCOUNT"`
	UploadsPerAccount     int `help:"MiB an hour that an account may have stored: bodies of requests that create, those above 4 KiB of requests that change something, and answers remembered for Idempotency-Keys; 0 is no limit." name:"uploads-per-account" default:"1024" env:"NACRE_UPLOADS_PER_ACCOUNT"`
	AnswersPerAccount     int `help:"MiB of answers remembered for an account's Idempotency-Keys; beyond it new keys are refused for a while. 0 is no limit." name:"answers-per-account" default:"512" env:"NACRE_ANSWERS_PER_ACCOUNT"`
	StreamsPerAccount     int `help:"Streams of events of an account that may be open at once, one an open page of the dashboard; 0 is no limit." name:"streams-per-account" default:"500" env:"NACRE_STREAMS_PER_ACCOUNT"`
	StreamsPerPerson      int `help:"Streams of events that one person, or one API key, may have open at once; 0 is no limit." name:"streams-per-person" default:"50" env:"NACRE_STREAMS_PER_PERSON"`
}

func (l *Limits) validate() error {
	for _, limit := range []struct {
		flag         string
		value, least int
	}{
		{"connections", l.Connections, 0}, {"connections-per-address", l.ConnectionsPerAddress, 0}, {"body-memory", l.BodyMemory, 128}, {"disk-free", l.DiskFree, 0},
		{"voice-cache", l.VoiceCache, 0}, {"streams-per-account", l.StreamsPerAccount, 0}, {"streams-per-person", l.StreamsPerPerson, 0},
		{"trunks-per-account", l.TrunksPerAccount, 0}, {"numbers-per-account", l.NumbersPerAccount, 0}, {"pearls-per-account", l.PearlsPerAccount, 0},
		{"requests-per-account", l.RequestsPerAccount, 0}, {"leads-per-account", l.LeadsPerAccount, 0},
		{"calls-per-day", l.CallsPerDay, 0}, {"minutes-per-day", l.MinutesPerDay, 0},
		{"calls-per-day-of-key", l.CallsPerDayOfKey, 0}, {"minutes-per-day-of-key", l.MinutesPerDayOfKey, 0},
		{"recordings-per-account", l.RecordingsPerAccount, 0},
		{"uploads-per-account", l.UploadsPerAccount, 0}, {"answers-per-account", l.AnswersPerAccount, 0},
	} {
		if limit.value < limit.least {
			return fmt.Errorf("--%s: %d is below %d", limit.flag, limit.value, limit.least)
		}
	}
	return nil
}
