package sherpa

import (
	"fmt"

	"nacre/internal/speech/folder"
)

// text is a C string in Go's memory, which the collector does not move and keeps as long as the struct that it is in; nil is
// none.
type text *byte

func cString(s string) text {
	if s == "" {
		return nil
	}
	return &append([]byte(s), 0)[0]
}

// recognizerConfig is SherpaOnnxOfflineRecognizerConfig of c-api.h, with the alignment of C on 64-bit systems. Zero is the
// library's default everywhere; what is left so has no name but that of its comment.
type recognizerConfig struct {
	_              [2]int32 // feat_config: sample_rate, feature_dim
	model          modelConfig
	_              text    // lm_config: model
	_              float32 // lm_config: scale
	decodingMethod text
	_              int32   // max_active_paths
	_              text    // hotwords_file
	_              float32 // hotwords_score
	_              [2]text // rule_fsts, rule_fars
	_              float32 // blank_penalty
	_              [3]text // hr: dict_dir, lexicon, rule_fsts
	_              text    // ctc_fst_decoder_config: graph
	_              int32   // ctc_fst_decoder_config: max_active
}

// modelConfig is SherpaOnnxOfflineModelConfig.
type modelConfig struct {
	transducer struct{ encoder, decoder, joiner text }
	paraformer text
	nemoCTC    text
	whisper    struct {
		encoder, decoder, language, task text
		_                                [3]int32 // tail_paddings, enable_token_timestamps, enable_segment_timestamps
	}
	_          text // tdnn
	tokens     text
	threads    int32
	debug      int32
	provider   text
	modelType  text
	_          [3]text // modeling_unit, bpe_vocab, telespeech_ctc
	senseVoice struct {
		model, language text
		useITN          int32
	}
	moonshine    struct{ preprocessor, encoder, uncachedDecoder, cachedDecoder, mergedDecoder text }
	_            [2]text // fire_red_asr: encoder, decoder
	_            text    // dolphin
	zipformerCTC text
	_            [4]text    // canary: encoder, decoder, src_lang, tgt_lang
	_            int32      // canary: use_pnc
	_            [3]text    // wenet_ctc, omnilingual, medasr
	_            [6]text    // funasr_nano: encoder_adaptor, llm, embedding, tokenizer, system_prompt, user_prompt
	_            int32      // funasr_nano: max_new_tokens
	_            [2]float32 // funasr_nano: temperature, top_p
	_            int32      // funasr_nano: seed
	_            text       // funasr_nano: language
	_            int32      // funasr_nano: itn
	_            text       // funasr_nano: hotwords
	_            text       // fire_red_asr_ctc
	_            [4]text    // qwen3_asr: conv_frontend, encoder, decoder, tokenizer
	_            [2]int32   // qwen3_asr: max_total_len, max_new_tokens
	_            [2]float32 // qwen3_asr: temperature, top_p
	_            int32      // qwen3_asr: seed
	_            text       // qwen3_asr: hotwords
	_            [3]text    // cohere_transcribe: encoder, decoder, language
	_            [2]int32   // cohere_transcribe: use_punct, use_itn
}

// configure returns the config of a recogniser, to run in so many threads. language is what it is spoken to in ("" = it finds
// out), for the kinds that are told.
func configure(r folder.Recognizer, threads int, language string) (*recognizerConfig, error) {
	c := &recognizerConfig{decodingMethod: cString("greedy_search")}
	m := &c.model
	m.tokens, m.threads, m.provider = cString(r.Path(folder.Tokens)), int32(threads), cString("cpu")
	file := func(role folder.Role) text { return cString(r.Path(role)) }
	switch r.Kind {
	case folder.Whisper:
		m.whisper.encoder, m.whisper.decoder = file(folder.Encoder), file(folder.Decoder)
		m.whisper.language, m.whisper.task = cString(language), cString("transcribe")
	case folder.Moonshine:
		m.moonshine.preprocessor, m.moonshine.encoder = file(folder.Preprocessor), file(folder.Encoder)
		m.moonshine.uncachedDecoder, m.moonshine.cachedDecoder, m.moonshine.mergedDecoder = file(folder.UncachedDecoder), file(folder.CachedDecoder), file(folder.MergedDecoder)
	case folder.Transducer, folder.NeMoTransducer:
		m.transducer.encoder, m.transducer.decoder, m.transducer.joiner = file(folder.Encoder), file(folder.Decoder), file(folder.Joiner)
		m.modelType = cString("transducer")
		if r.Kind == folder.NeMoTransducer {
			m.modelType = cString("nemo_transducer")
		}
	case folder.SenseVoice:
		m.senseVoice.model, m.senseVoice.language, m.senseVoice.useITN = file(folder.Model), cString(language), 1 // figures as figures
	case folder.NeMoCTC:
		m.nemoCTC = file(folder.Model)
	case folder.Paraformer:
		m.paraformer = file(folder.Model)
	case folder.ZipformerCTC:
		m.zipformerCTC = file(folder.Model)
	default:
		return nil, fmt.Errorf("recognisers of kind %q are not known", r.Kind)
	}
	return c, nil
}
