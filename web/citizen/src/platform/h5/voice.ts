/** Instructions aloud. Only with voices that live on the device: no text goes to anybody else. */

function voice(): SpeechSynthesisVoice | undefined {
  const all = globalThis.speechSynthesis?.getVoices() ?? []
  return all.find((one) => one.localService && /^zh[-_]?(CN|Hans)?/i.test(one.lang))
}

export function speak(text: string): void {
  const found = voice()
  if (!found) return
  hush()
  const said = new SpeechSynthesisUtterance(text)
  said.voice = found
  said.lang = found.lang
  speechSynthesis.speak(said)
}

export function hush(): void {
  globalThis.speechSynthesis?.cancel()
}
