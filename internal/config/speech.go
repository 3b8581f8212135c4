package config

// NoSpeech is the value of Speech.Folder that turns models off.
const NoSpeech = "none"

// Speech says where the models are that hear and speak on this machine.
type Speech struct {
	Folder string `help:"Folder of what hears and speaks with models on this machine (make builds it); empty is \"speech\" beside this program, where it is. none: people answer by keys, and the embedded voice speaks." name:"speech" placeholder:"DIR" env:"NACRE_SPEECH"`
}
