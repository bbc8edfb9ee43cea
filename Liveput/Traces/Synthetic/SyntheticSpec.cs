using System.Globalization;
using System.Text;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>A synthetic trace in words: <c>KIND[:SEED][,PARAMETER=NUMBER...]</c>, like <c>bursts:7,intervals=480,capacity=64</c>.</summary>
/// <remarks>
/// Without a seed it is 1; a parameter that is left out has its default. The spelling needs no quotes in a shell, and it is the trace's name:
/// whoever has the name can generate the trace again.
/// </remarks>
/// <param name="Options">Kind and parameters.</param>
/// <param name="Seed">Fixes every draw.</param>
public sealed record SyntheticSpec(SyntheticOptions Options, ulong Seed = 1)
{
    private static readonly SyntheticOptions[] Defaults = [new PoissonOptions(), new BurstOptions(), new ZoneOutageOptions(), new DayRhythmOptions(), new SelfExcitingOptions(), new ShiftingOptions()];

    /// <summary>Every kind, with its defaults.</summary>
    public static IReadOnlyList<SyntheticOptions> Kinds => Defaults;

    /// <summary>Whether a text means a synthetic trace: it begins with the name of a kind, alone or before <c>:</c> or <c>,</c>.</summary>
    public static bool IsSpec(string text) => KindOf(text) is not null;

    /// <summary>Reads a synthetic trace's spelling; kinds and parameters in any case.</summary>
    /// <exception cref="ArgumentException">It is not one; the message says what was wrong and what would be right.</exception>
    public static SyntheticSpec Parse(string text)
    {
        var options = KindOf(text) ?? throw new ArgumentException($"'{text}' is no synthetic trace; it must begin with one of {string.Join(", ", Defaults.Select(d => d.Kind))}.");
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        ulong seed = 1;
        if (parts[0].IndexOf(':') is var colon and >= 0 && !ulong.TryParse(parts[0][(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out seed))
        {
            throw new ArgumentException($"'{text}': '{parts[0][(colon + 1)..]}' is not a seed; it must be a whole number of at least 0, like {options.Kind}:7.");
        }

        var parameters = SyntheticParameter.Of(options);
        var seen = new HashSet<string>();
        foreach (string part in parts.Skip(1))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            var parameter = parameters.FirstOrDefault(p => string.Equals(p.Name, pair[0], StringComparison.OrdinalIgnoreCase))
                ?? throw new ArgumentException($"'{text}': '{pair[0]}' is not a parameter of {options.Kind}; it must be one of {string.Join(", ", parameters.Select(p => p.Name))}.");
            if (!seen.Add(parameter.Name)) throw new ArgumentException($"'{text}': {parameter.Name} is there twice; it must be there once.");
            if (pair.Length < 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                throw new ArgumentException($"'{text}': '{part}' is not valid; it must be {parameter.Name}=NUMBER.");
            }

            if (parameter.Problem(value) is { } problem) throw new ArgumentException($"'{text}': {problem}");
            options = parameter.With(options, value);
        }

        options.Validate();
        return new SyntheticSpec(options, seed);
    }

    /// <summary>The spelling: the seed, and the parameters that are not the kind's defaults.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Options.Kind}:{Seed}");
        var defaults = Defaults.First(d => d.GetType() == Options.GetType());
        foreach (var parameter in SyntheticParameter.Of(Options))
        {
            double value = parameter.Get(Options);
            if (value != parameter.Get(defaults)) text.Append(CultureInfo.InvariantCulture, $",{parameter.Name}={value}");
        }

        return text.ToString();
    }

    private static SyntheticOptions? KindOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string kind = text.Split(':', ',')[0];
        return Defaults.FirstOrDefault(d => string.Equals(d.Kind, kind, StringComparison.OrdinalIgnoreCase));
    }
}
