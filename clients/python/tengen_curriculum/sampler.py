"""A curriculum as a batch sampler of torch."""
from torch.utils.data import Sampler


class CurriculumSampler(Sampler):
    """Yields the indices of one step after another; pass it to DataLoader as batch_sampler, or iterate over it.

    Call update between batches: the next one depends on it. So a DataLoader needs num_workers=0, as workers draw ahead.

    client: a CurriculumClient.
    prompts: the pool, a list of Prompt in the order of the data set.
    steps: batches that it yields in all, those before a load_state_dict counted.
    options: those of CurriculumClient.open beside settings: seed, prefix, checkpoint, any_checkpoint.
    """

    def __init__(self, client, prompts, batch_size, steps, settings, **options):
        self.client, self.prompts, self.batch_size, self.steps = client, prompts, batch_size, steps
        self.settings, self.options = settings, options
        self.step, self.drawn, self.figures, self.wants_scores = 0, [], {}, False
        self._curriculum = client.open(prompts, settings, **options)

    def __len__(self):
        return self.steps - self.step

    def __iter__(self):
        while self.step < self.steps:
            self.drawn = self._curriculum.draw(self.batch_size)
            self.step += 1
            yield self.drawn

    def update(self, pass_rates, signals=(), prefix=(), indices=None):
        """Tells the shares of correct completions of the batch last drawn, or of the prompts with these indices.

        signals: theirs by the model as it is now, if they are known; prefix: the mean unit vector that goes with them.
        """
        drawn = self.drawn if indices is None else indices
        self._take(self._curriculum.update(drawn, pass_rates, signals, prefix))

    def rank(self, signals, prefix=()):
        """Orders the pool anew, best when wants_scores is True; signals of all prompts by the model as it is now."""
        self._take(self._curriculum.rank(signals, prefix))

    def state_dict(self):
        """For a checkpoint; between update and the next batch."""
        return {"step": self.step, "curriculum": self._curriculum.save()}

    def load_state_dict(self, state):
        """Goes on from a checkpoint, with the pool and the settings that it was made with."""
        self._curriculum.close()
        self._curriculum = self.client.open(
            self.prompts, self.settings, **self.options, state_json=state["curriculum"]
        )
        self.step, self.drawn = state["step"], []

    def close(self):
        self._curriculum.close()

    def _take(self, status):
        self.wants_scores, self.figures = status.wants_scores, dict(status.figures)
