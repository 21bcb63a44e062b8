// A QR code holds /v/<code>#<signed token>. What stands behind # never reaches a server by itself,
// so no log keeps it; here it is sent in the body of a POST, and the answer takes the page's place.
(function () {
  "use strict";
  // The same code scanned again into the same tab changes only what stands behind #.
  window.addEventListener("hashchange", function () { location.reload(); });
  if (location.hash.length < 2) return;
  var shown = location.href;
  document.documentElement.classList.add("is-checking");
  history.replaceState(null, "", location.pathname);

  function showAnswer(html) {
    var answer = new DOMParser().parseFromString(html, "text/html").querySelector("main");
    if (answer) document.querySelector("main").replaceWith(answer);
    document.documentElement.classList.remove("is-checking");
  }

  document.addEventListener("DOMContentLoaded", function () {
    fetch("/v/", {
      method: "POST",
      body: new URLSearchParams({ shown: shown }),
      credentials: "omit",
      cache: "no-store",
    })
      .then(function (response) { return response.text(); })
      .then(showAnswer)
      // Without a connection the page's own answer (by code only, and saying so) is shown.
      .catch(function () { document.documentElement.classList.remove("is-checking"); });
  });
})();
