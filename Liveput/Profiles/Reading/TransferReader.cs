namespace Parcae.Liveput.Profiles.Reading;

/// <summary>Reads the member transferMs of a profile: the time of a point-to-point transfer by its bytes.</summary>
internal static class TransferReader
{
    // Small transfers take about the same time whatever their size, so that measured ones may shrink a little.
    private const double LeastOfLongest = 0.5;

    public static SortedDictionary<long, double> Read(ref ProfileTokens json)
    {
        var transfers = new SortedDictionary<long, double>();
        json.BeginObject("an object of milliseconds by bytes");
        int at = json.Position;
        while (json.Key("a number of bytes", (long)ProfileLimits.MaxBytes, out long bytes))
        {
            if (transfers.Count == ProfileLimits.MaxTransfers) throw json.ErrorAt(at, "transferMs", $"transferMs holds more than {ProfileLimits.MaxTransfers}; it must hold from 1 to {ProfileLimits.MaxTransfers}");
            if (!transfers.TryAdd(bytes, json.Number(ProfileLimits.MaxMs, above: true))) throw json.Error($"{json.Path()} is there twice; it must be there once");
        }

        if (transfers.Count == 0) throw json.Error($"transferMs is empty; it must hold from 1 to {ProfileLimits.MaxTransfers}");
        (long Bytes, double Ms) longest = (0, 0);
        foreach (var (bytes, ms) in transfers)
        {
            if (ms < LeastOfLongest * longest.Ms)
            {
                throw json.ErrorAt(at, $"transferMs.{bytes}", $"transferMs.{bytes} is {ms}, but {longest.Bytes} bytes take {longest.Ms}; more bytes must take longer, or at least half as long");
            }

            if (ms > longest.Ms) longest = (bytes, ms);
        }

        return transfers;
    }
}
