"""What is counted for operators. Labels are short, closed lists: never an address or a word."""

from prometheus_client import Counter, Gauge

MESSAGES = Counter("eungdap_messages_total", "Messages from citizens", ["channel", "intent"])
REPEATED = Counter("eungdap_messages_repeated_total", "Messages that came again", ["channel"])
SETTLED = Counter("eungdap_deliveries_total", "Sends and how they ended", ["channel", "status"])
PROVIDER_OPEN = Gauge("eungdap_provider_down", "1 while a provider is avoided", ["provider"])
PATH_WORKS = Gauge("eungdap_siren_path_works", "1 where the last probe went out", ["channel"])
TURNED_AWAY = Counter("eungdap_turned_away_total", "Requests no door took", ["door", "status"])
