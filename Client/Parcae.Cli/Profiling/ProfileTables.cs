using Parcae.Grains.Profiling;
using Parcae.Liveput.Profiles;

using Spectre.Console;

namespace Parcae.Cli.Profiling;

/// <summary>A profile that was just made, for people.</summary>
internal static class ProfileTables
{
    private const int Shown = 16;

    /// <summary>Writes it.</summary>
    public static void Write(IAnsiConsole console, ProfileMeasurements measured, ProfileAssembly profile, ProfileDocument document)
    {
        var outline = measured.Outline;
        console.WriteLine($"{outline.Description}; {Words.Count(outline.Parameters)} parameters in {outline.Layers.Length} layers; on {measured.Machine}");
        console.Write(Layers(outline.Layers.Select(l => l.Name), document));
        console.WriteLine($"link {Words.Bytes((long)profile.LinkBytesPerSecond)}/s, {measured.Links[0].Milliseconds:0.000} ms for {Words.Bytes(measured.Links[0].Bytes)}; "
            + $"a worker starts in {Words.Milliseconds(measured.ProcessStartMs)}, a checkpoint takes {Words.Milliseconds(measured.CheckpointMs)}");
        console.Write(Strategies(profile, document));
    }

    private static Table Layers(IEnumerable<string> names, ProfileDocument document)
    {
        var table = Plain("layers", "each: parameters", "forward ms", "backward ms", "update ms", "activations MiB");
        var layers = names.Zip(document.Layers).ToArray();
        for (int first = 0, end; first < layers.Length; first = end)
        {
            // Alike layers in a row share a line.
            end = first + 1;
            while (end < layers.Length && layers[end].Second == layers[first].Second) end++;
            var l = layers[first].Second;
            Add(table, end - first == 1 ? layers[first].First : $"{layers[first].First} .. {layers[end - 1].First}",
                Words.Count((long)l.Parameters), $"{l.ForwardMs:0.000}", $"{l.BackwardMs:0.000}", $"{l.OptimizerMs:0.000}", $"{l.ActivationMiB:0.00}");
        }

        return table;
    }

    private static Table Strategies(ProfileAssembly profile, ProfileDocument document)
    {
        var table = Plain("strategy", "step ms", "samples/s", "from", "computed/measured", "resident");
        var rows = profile.Rows.OrderByDescending(r => r.Run is not null).ThenBy(r => r.Pipelines * r.Depth).ThenBy(r => r.Depth).ToArray();
        foreach (var row in rows.Take(Math.Max(Shown, rows.Count(r => r.Run is not null))))
        {
            Add(table, $"{row.Pipelines} x {row.Depth}", $"{row.StepSeconds * 1000:0.0}", $"{document.GlobalBatch / row.StepSeconds:0.0}", row.Run is null ? "step model" : "measured",
                row.Run is { } run ? $"{row.ComputedSeconds / run.StepSeconds:0.00}" : "", row.Run is { PeakBytes: > 0 and var peak } ? Words.Bytes(peak) : "");
        }

        if (rows.Length > Shown) Add(table, $"{rows.Length - Shown} more", "", "", "", "", "");
        return table;
    }

    private static Table Plain(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        return table;
    }

    private static void Add(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));
}
