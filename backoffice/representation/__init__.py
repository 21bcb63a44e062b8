"""Acting for another (代办): who may, by what proof, for which steps, until when."""
