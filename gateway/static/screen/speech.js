// The port to speech: `announcer` says announcements one after the other, each in its languages.
// An adapter is `{ready(): boolean, wake(): void, say(text, lang): Promise<void>}`; this one is the
// browser's own synthesis. Another (the hall's loudspeaker, a server's voice) is put in its place by
// setting `announcer.adapter` before the page's script runs.
"use strict";

const browserSpeech = {
  awake: new URLSearchParams(location.search).get("sound") === "on",
  ready() {
    return "speechSynthesis" in window && this.awake;
  },
  // Browsers speak only after somebody has touched the page. A kiosk that allows it from the start
  // (Chromium: --autoplay-policy=no-user-gesture-required) opens /screen?sound=on instead.
  wake() {
    this.awake = true;
    speechSynthesis.speak(new SpeechSynthesisUtterance(""));
  },
  say(text, lang) {
    return new Promise((resolve) => {
      const voice = speechSynthesis.getVoices().find((one) => one.lang.replace("_", "-") === lang);
      if (!voice && lang !== "zh-CN") return resolve();
      const said = new SpeechSynthesisUtterance(text);
      said.lang = lang;
      if (voice) said.voice = voice;
      said.rate = 0.85;
      said.onend = said.onerror = () => resolve();
      setTimeout(resolve, 15000); // some browsers never say that they have ended
      speechSynthesis.speak(said);
    });
  },
};

const announcer = {
  adapter: browserSpeech,
  waiting: [],
  speaking: false,
  async say(parts) {
    this.waiting.push(parts);
    if (this.speaking) return;
    this.speaking = true;
    while (this.waiting.length) {
      for (const { text, lang } of this.waiting.shift()) {
        if (this.adapter.ready()) await this.adapter.say(text, lang);
      }
    }
    this.speaking = false;
  },
};
