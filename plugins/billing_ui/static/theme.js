// The colours of Airflow's UI, which this page is shown in: its choice is kept in this browser.
(function () {
  var chosen = null;
  try { chosen = window.localStorage.getItem("theme"); } catch (error) { /* storage is switched off */ }
  if (chosen === "dark" || chosen === "light") {
    document.documentElement.dataset.theme = chosen;
  }
})();
