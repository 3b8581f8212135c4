package config

import (
	"errors"
	"fmt"
	"regexp"
)

// NoSpeech is the value of Speech.Folder that turns models off.
const NoSpeech = "none"

// Speech says where the models are that hear and speak on this machine.
type Speech struct {
	Folder        string   `help:"Folder of what hears and speaks with models on this machine (make builds it); empty is \"speech\" beside this program, where it is. none: people answer by keys, and the embedded voice speaks." name:"speech" placeholder:"DIR" env:"NACRE_SPEECH"`
	Ears          string   `help:"Folder of a recogniser that hears in place of the English one of this machine, as sherpa-onnx's archives have it (hosting guide, Ears of your own)." name:"ears" placeholder:"DIR" env:"NACRE_EARS" type:"path"`
	EarsLanguages []string `help:"Languages that the recogniser of --ears hears, as en,de; those that it says it knows without it." name:"ears-languages" placeholder:"LANGUAGE" env:"NACRE_EARS_LANGUAGES"`
}

// primarySubtag is what language tags (BCP 47) begin with.
var primarySubtag = regexp.MustCompile(`^[a-z]{2,3}$`)

// CheckEars judges the settings of the operator's recogniser, without its folder.
func (s *Speech) CheckEars() error {
	if s.Ears == "" && len(s.EarsLanguages) > 0 {
		return errors.New("--ears-languages says what the recogniser of --ears hears, and there is none")
	}
	for _, language := range s.EarsLanguages {
		if !primarySubtag.MatchString(language) {
			return fmt.Errorf("--ears-languages: %q is no language of two or three letters, as en or yue", language)
		}
	}
	return nil
}
