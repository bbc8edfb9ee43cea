using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Parcae.GpuWorker.Checkpoints;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Checkpoints;

/// <summary>Options that say which checkpoint is meant.</summary>
internal sealed class CheckpointOptions
{
    private readonly Option<string?> _folder = new("--checkpoints") { Description = "Folder of the state vault's checkpoints. Default: as of a control silo.", HelpName = "FOLDER" };
    private readonly Option<string> _job = new("--job") { Description = "The job's id.", HelpName = "ID", Required = true };
    private readonly Option<int?> _step = Number<int?>("--step", "The checkpoint's step. Default: the newest that is whole.", null, "a whole number, at least 0",
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int step) ? step : null);
    private readonly Option<int?> _parent = new("--parent-pid") { Hidden = true };

    /// <summary>Whether the result is wanted as JSON.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document on standard output and nothing else." };

    /// <summary>Adds the options to a verb.</summary>
    public Command AddTo(Command command)
    {
        foreach (var option in (Option[])[_folder, _job, _step, Json, _parent]) command.Options.Add(option);
        return command;
    }

    /// <summary>The job's checkpoints.</summary>
    /// <exception cref="UsageException">The id cannot be one.</exception>
    public CheckpointStore Store(ParseResult parsed)
    {
        if (parsed.GetValue(_parent) is { } parent) ParentWatch.Start(parent);
        try
        {
            return new CheckpointStore(parsed.GetValue(_folder) ?? SettingNames.Read([]).Checkpoints, parsed.GetValue(_job)!);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--job: {e.Message}");
        }
    }

    /// <summary>The job's id.</summary>
    public string Job(ParseResult parsed) => parsed.GetValue(_job)!;

    /// <summary>Does something with the checkpoint that is meant; tells of newer ones that are damaged.</summary>
    public CheckpointChoice<T> Choose<T>(ParseResult parsed, CheckpointStore store, TextWriter error, Func<int, T> load, Func<CheckpointChoice<T>?> newest)
    {
        if (parsed.GetValue(_step) is { } step) return new(step, load(step), []);
        var choice = newest() ?? throw new CheckpointException(store.Folder, store.NothingThere());
        foreach (var damaged in choice.Damaged) error.WriteLine($"Passed over: {damaged.Message}");
        return choice;
    }

    /// <summary>An option whose message says what was wrong, with the value, and what would be right.</summary>
    public static Option<T> Number<T>(string name, string description, T @default, string right, Func<string, T?> parse)
    {
        var option = new Option<T>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => @default };
        option.CustomParser = result =>
        {
            // Without a token there is no value to complain about: the parser itself says that one is missing.
            if (result.Tokens.Count == 0) return @default;
            string text = result.Tokens[^1].Value;
            if (parse(text) is { } value) return value;
            result.AddError($"{name}: '{text}' is not valid; it must be {right}.");
            return @default;
        };
        return option;
    }
}
