"""The config: one typed schema with a file for each section, and the only home of defaults.

Every scalar of a YAML file is read as text and becomes what the schema says it is, so that `1e-4`
is a float, `09913` stays text where text is wanted, and `no` is a boolean only where one is asked.
"""

from tf_happywhale.config.augment import Augment
from tf_happywhale.config.data import Data, TableColumn
from tf_happywhale.config.detect import Detect
from tf_happywhale.config.embed import Embed
from tf_happywhale.config.exchange import Exchange
from tf_happywhale.config.experiment import Experiment, keys
from tf_happywhale.config.loading import dump_experiment, load_dumped, load_experiment
from tf_happywhale.config.match import Match
from tf_happywhale.config.member import MemberPath
from tf_happywhale.config.model import Model
from tf_happywhale.config.pod import Pod
from tf_happywhale.config.quality import Quality
from tf_happywhale.config.rank import Rank
from tf_happywhale.config.server import Server
from tf_happywhale.config.train import Train
from tf_happywhale.config.variant_experiments import as_trained, variants_of

__all__ = [
    "Augment", "Data", "Detect", "Embed", "Exchange", "Experiment", "Match", "MemberPath", "Model",
    "Pod", "Quality", "Rank", "Server", "TableColumn", "Train", "as_trained", "dump_experiment",
    "keys", "load_dumped", "load_experiment", "variants_of",
]  # fmt: skip
