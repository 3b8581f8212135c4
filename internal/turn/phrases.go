package turn

// Phrases are the sentences of the form that come from no script.
type Phrases struct {
	OptOutKeys   string // the first words say how to end all calls
	YesNoKeys    string
	DigitsKeys   string
	DecimalKeys  string
	TextKeys     string // a text that is made of digits, such as a postal code
	SpokenText   string // any other text: it cannot be typed, and stands in the recording
	OtherKeys    string // said once, with the first repetition
	OnlyKeys     string // they spoke
	StillThere   string // they were silent
	WrongKey     string
	Thanks       string // between two questions
	Goodbye      string
	Declined     string
	GaveUp       string
	OptedOut     string
	CallbackHour string // in one hour
	Callback     string // with %d hours
	Failure      string
	Transfer     string // they are put through
	NotConnected string // and it did not come about
	Filler       string // while a reply takes its time

	Heard HeardPhrases // said where there are ears
}

// English are the phrases in use.
func English() Phrases {
	return Phrases{
		OptOutKeys:   "Press star nine to never be called again.",
		YesNoKeys:    "Press 1 for yes, 2 for no.",
		DigitsKeys:   "Type the number, then press the hash key.",
		DecimalKeys:  "Type the number, with star star for the decimal point, then press the hash key.",
		TextKeys:     "Type your answer in digits, or just press the hash key to skip.",
		SpokenText:   "Say your answer, or just press the hash key to skip.",
		OtherKeys:    "Press star one to hear this again, or star two to be called later.",
		OnlyKeys:     "I am sorry, I only understand the keys of your phone.",
		StillThere:   "Are you still there?",
		WrongKey:     "That key is not an answer.",
		Thanks:       "Thank you.",
		Goodbye:      "Thank you. Goodbye.",
		Declined:     "All right. Goodbye.",
		GaveUp:       "I could not get your answer. Goodbye.",
		OptedOut:     "You will not be called again. Goodbye.",
		CallbackHour: "You will be called again in one hour. Goodbye.",
		Callback:     "You will be called again in %d hours. Goodbye.",
		Failure:      "I am sorry, I cannot go on. Goodbye.",
		Transfer:     "I will put you through now. One moment, please.",
		NotConnected: "I am sorry, I could not put you through.",
		Filler:       "One moment.",

		Heard: HeardPhrases{
			OptOut:         "If you never want to be called again, just say so, or press star nine.",
			NotUnderstood:  "I am sorry, I did not understand.",
			StillNot:       "I am sorry, I still did not understand.",
			YesOrNo:        "A simple yes or no will do.",
			YesOrNoAgain:   "Is that a yes, or a no?",
			JustTheNumber:  "Just the number, please.",
			DigitByDigit:   "Please say it digit by digit.",
			JustTheDay:     "Please say the day and the month.",
			JustTheTime:    "Please say the time, for example half past four.",
			JustTheName:    "Just the name, please.",
			SpellIt:        "Please spell it.",
			DidYouSay:      "Did you say %s?",
			Corrected:      "All right, %s.",
			Noted:          "All right.",
			NoMatter:       "That is all right.",
			AskOptOut:      "Shall I make sure that you are never called again?",
			AskWhen:        "When shall we call you again?",
			AskTime:        "At what time?",
			WithinMonth:    "It has to be within the next thirty days.",
			CallbackAt:     "You will be called again %s.",
			IsThatRight:    "Is that right?",
			AgreedGoodbye:  "All right. Goodbye.",
			AskWrongNumber: "Do I have the wrong number?",
			WrongNumber:    "I am sorry to have disturbed you. Goodbye.",
			NoPerson:       "I cannot put you through to a person. I have noted that you want to speak to one.",
			Robot:          "I am an automated assistant, not a person.",
			RobotFor:       "I am an automated assistant, not a person, and I am calling for %s.",
			Who:            "My name is %s. I am an automated assistant.",
			WhoFor:         "My name is %s. I am the automated assistant of %s.",
			CompanyOnly:    "I am the automated assistant of %s.",
			NoReason:       "I have a short question for you.",
			WhereFrom:      "I do not know where your number is from. If you never want to be called again, just say so.",
			TakeYourTime:   "Of course, take your time.",
			IWait:          "Of course, I will wait.",
			Anew:           "Hello.",
			SorryToDisturb: "I am sorry to disturb you.",
			Screened:       "This is %s, and the reason for my call is: %s",
			AgentOf:        "%s, the automated assistant of %s",
			AgentAlone:     "%s, an automated assistant",
			AssistantOf:    "the automated assistant of %s",
			Assistant:      "an automated assistant",
		},
	}
}

// HeardPhrases are the sentences that the form needs only where there are ears. %s stands for what was said, a name or a time.
type HeardPhrases struct {
	OptOut         string // the first words say how to end all calls, by voice or by keys
	NotUnderstood  string // the first time
	StillNot       string // after that; the keys are named then
	YesOrNo        string // the question in other words, by what is asked for
	YesOrNoAgain   string // they answered neither clearly
	JustTheNumber  string
	DigitByDigit   string
	JustTheDay     string
	JustTheTime    string
	JustTheName    string
	SpellIt        string
	DidYouSay      string
	Corrected      string // an earlier answer
	Noted          string // no answer was given, and none is needed
	NoMatter       string // they do not know
	AskOptOut      string
	AskWhen        string
	AskTime        string
	WithinMonth    string
	CallbackAt     string
	IsThatRight    string
	AgreedGoodbye  string
	AskWrongNumber string
	WrongNumber    string
	NoPerson       string
	Robot          string
	RobotFor       string // of a company
	Who            string
	WhoFor         string // agent and company
	CompanyOnly    string
	NoReason       string // the company says nothing about itself
	WhereFrom      string
	TakeYourTime   string
	IWait          string // somebody else comes to the telephone …
	Anew           string // … and is greeted, before it is said who calls and why
	SorryToDisturb string
	Screened       string // to a screening assistant: who calls, and why
	AgentOf        string // who calls: the agent, and of which company
	AgentAlone     string
	AssistantOf    string // of a company, without a name
	Assistant      string
}

// fixed returns the sentences that have no place to be filled.
func (p HeardPhrases) fixed() []string {
	return []string{
		p.NotUnderstood, p.YesOrNo, p.JustTheNumber, p.YesOrNoAgain, p.StillNot, p.AskWhen, p.AskOptOut, p.AgreedGoodbye, p.WrongNumber,
		p.IsThatRight, p.Robot, p.Noted, p.NoMatter, p.DigitByDigit, p.JustTheDay, p.JustTheTime, p.JustTheName, p.SpellIt, p.AskTime,
		p.SorryToDisturb, p.TakeYourTime, p.IWait, p.Anew, p.NoPerson, p.WhereFrom, p.NoReason, p.WithinMonth, p.AskWrongNumber,
	}
}
