"""What the sandbox shows at one moment: the case, its chart, and the answer of the service if it was called."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from cards.facts.resources import Resource
from cds_service.hooks.invoke import Engine
from cds_service.sandbox.chosen_chart import Chart, NoChartError, chosen_chart
from cds_service.sandbox.form import CaseForm
from cds_service.sandbox.patient_search import FoundPatient
from cds_service.sandbox.trial import Trial, call
from cds_service.store.store import Store


@dataclass(slots=True)
class Page:
    """What is shown. `wrong` are problems of what was typed, `said` what was done; `focus` is where to go on,
    `called` whether the service was called anew.

    `trial` is None before the service was called for these orders.
    """

    case: CaseForm
    engine: Engine
    store: Store
    now: datetime
    chart: Chart | None = None
    trial: Trial | None = None
    found: tuple[FoundPatient, ...] = ()
    wrong: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    focus: str = ""
    called: bool = False

    def read_chart(self) -> None:
        """The chart of the case as it is now."""
        today = self.now.astimezone(self.engine.policy.zone).date()
        try:
            self.chart = chosen_chart(self.case, self.engine, today)
        except NoChartError as error:
            self.chart = None
            self.wrong.append(str(error))

    def change(self, drafts: tuple[Resource, ...]) -> None:
        """Sets the orders; what was answered for the old ones no longer stands."""
        self.case = replace(self.case, drafts=drafts, instance="", answered=())

    def call(self, *, new: bool) -> None:
        """Calls the service for the orders as they are; a `new` call has an id of its own."""
        if self.chart is None:
            self.wrong.append("Choose a patient first.")
            return
        if new:
            self.case, self.called = replace(self.case, answered=()), True
        if new or not self.case.instance:
            self.case = replace(self.case, instance=str(uuid4()), called=self.now)
        self.trial = call(self.case, self.chart, self.engine, self.store, self.now, new=new)
