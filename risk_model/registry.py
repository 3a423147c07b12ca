"""Every training run and the approved model, in MLflow; the only importer of MLflow.

The store is SQLite and lies whole in `mlruns/`. Production reads `scorecard.json` from the run that carries the alias;
the estimator lies beside it for auditors and is never unpickled.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from risk_model import scorecard
from risk_model.errors import UserError
from risk_model.keys import Key
from risk_model.model import Fit
from risk_model.scorecard import Scorecard, ScorecardRefused
from risk_model.scorecard.document import FIRST_SERIAL

APPROVED = "approved"
JUDGED = "judged"
SERIAL, DIGEST = "serial", "digest"
"""Tags: the number and digest of each scorecard, and on the model itself the highest number that was ever approved."""
TREE_TYPE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


def deployment(key: Key) -> str:
    """Return the registry's name for the models of one workspace, told apart by the id of its own key."""
    return f"early-support-{key.id}"


def record(
    store: Path, name: str, fit: Fit, *, verdict: str, figures: dict[str, float], facts: dict[str, Any]
) -> str:
    """Record a training run and return its id; a verdict of "go" approves the model, any other ends the approval."""
    mlflow = _open(store, name)
    numbered = scorecard.sealed(fit.card.document, serial=_next_serial(mlflow.MlflowClient(), name))
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        mlflow.log_params({**facts, "verdict": verdict, "scorecard": fit.card.id})
        mlflow.log_metrics(figures)
        card = Path(folder) / "scorecard.json"
        card.write_bytes(scorecard.write(numbered))
        mlflow.log_artifact(str(card))
        source = run.info.artifact_uri
        if fit.estimator is not None:
            source = mlflow.sklearn.log_model(
                fit.estimator,
                name="estimator",
                skops_trusted_types=[TREE_TYPE],
                pip_requirements=["scikit-learn"],
            ).model_uri
    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    tags = {SERIAL: str(numbered.serial), DIGEST: numbered.digest}
    version = client.create_model_version(name, source, run.info.run_id, tags=tags)
    client.set_registered_model_alias(name, JUDGED, version.version)
    if verdict == "go":
        client.set_registered_model_alias(name, APPROVED, version.version)
        client.set_registered_model_tag(name, SERIAL, str(numbered.serial))
    else:
        client.delete_registered_model_alias(name, APPROVED)
    return str(run.info.run_id)


def approved(store: Path, name: str) -> Scorecard | None:
    """Return the approved model's scorecard, or none where the newest verdict was no-go.

    A workspace in which nothing was ever trained is a mistake that the caller can mend, and is said so.
    """
    if not (store / "mlflow.db").is_file():
        raise _nothing_trained()
    mlflow = _open(store, name)
    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name = '{name}'"):
        raise _nothing_trained()
    registered = client.get_registered_model(name)
    if APPROVED not in registered.aliases:
        return None
    version = client.get_model_version_by_alias(name, APPROVED)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = client.download_artifacts(version.run_id, "scorecard.json", folder)
            least = int(registered.tags.get(SERIAL, FIRST_SERIAL))
            card = scorecard.read(Path(path).read_bytes(), least_serial=least)
    except (mlflow.exceptions.MlflowException, OSError, ValueError) as error:
        raise UserError(
            f"The approved model in {store} cannot be read. Expected its scorecard.json where the run left it; a "
            "registry that was moved loses it. Train again, or add --policy-only."
        ) from error
    if card.digest != version.tags.get(DIGEST, card.digest):
        raise ScorecardRefused("another_scorecard", "it is not the one that the registry recorded")
    return card


def _next_serial(client: Any, name: str) -> int:
    """One more than the scorecards recorded before: a number that never falls."""
    return FIRST_SERIAL + len(client.search_model_versions(f"name = '{name}'"))


def _nothing_trained() -> UserError:
    return UserError(
        "There is no model in this workspace. Expected one that `risk-model train` made. "
        "Train one first, or add --policy-only to make a list without an estimate of risk."
    )


def _open(store: Path, name: str) -> Any:
    """Open the store, quietly and without telling anybody: MLflow's own reports stay off."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import logging

    import mlflow
    import mlflow.sklearn
    from sqlalchemy.exc import SQLAlchemyError

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    store.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{store.resolve() / 'mlflow.db'}")
    try:
        if mlflow.get_experiment_by_name(name) is None:
            mlflow.create_experiment(name, artifact_location=(store.resolve() / "artifacts").as_uri())
        mlflow.set_experiment(name)
    except (mlflow.exceptions.MlflowException, SQLAlchemyError) as error:
        raise UserError(
            f"The model registry in {store} cannot be opened. Expected the mlflow.db that `risk-model train` made. "
            "Restore it, or name another with --registry and train again."
        ) from error
    return mlflow
