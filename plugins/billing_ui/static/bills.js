// Explaining an exception and starting a run. Reading needs none of this.
"use strict";

async function send(address, body) {
  const response = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const detail = typeof answer.detail === "string" ? answer.detail : JSON.stringify(answer.detail || answer);
    throw new Error(detail || "The server answered " + response.status + ".");
  }
  return answer;
}

function saved(form) {
  return "tieout " + form.dataset.finding;
}

document.querySelectorAll("form[data-explain]").forEach((form) => {
  const said = form.querySelector("output");
  // an unsaved text outlives a reload of the page
  form.text.value = sessionStorage.getItem(saved(form)) || "";
  form.text.addEventListener("input", () => sessionStorage.setItem(saved(form), form.text.value));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "Saving…";
    const given = form.dataset;
    try {
      await send(given.explain, {
        vendor: given.vendor, account: given.account, month: given.month, control_id: given.control,
        subject: given.subject, finding: given.finding, reason: form.reason.value, text: form.text.value,
        ticket: form.ticket.value || null,
      });
      sessionStorage.removeItem(saved(form));
      window.location.reload();
    } catch (error) {
      said.textContent = error.message;
    }
  });
});

document.querySelectorAll("button[data-start]").forEach((button) => {
  const said = button.parentElement.querySelector("output");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const run = await send(button.dataset.start, { logical_date: null, conf: JSON.parse(button.dataset.conf) });
      said.textContent = "Started: ";
      const link = document.createElement("a");
      link.href = button.dataset.runs + "/" + encodeURIComponent(run.dag_run_id);
      link.target = "_top";
      link.textContent = run.dag_run_id;
      said.append(link);
    } catch (error) {
      said.textContent = error.message;
      button.disabled = false;
    }
  });
});
