// The page of a file that is being made: says how far it is, and shows the file when it is there.
const place = document.querySelector("[data-progress]");

async function look() {
  try {
    const answer = await fetch(place.dataset.progress, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { made, whole, ready } = await answer.json();
    if (ready) location.reload();
    else if (whole) place.textContent = `Votre dossier se prépare\u00a0: ${made} éléments sur ${whole}. Un courriel vous dira quand il est prêt\u00a0; vous pouvez fermer cette page.`;
  } catch {
    // The line is away: the next look tells.
  }
}

if (place) setInterval(look, 2000);
