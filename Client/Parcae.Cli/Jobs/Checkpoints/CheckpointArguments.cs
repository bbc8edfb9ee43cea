using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;

namespace Parcae.Cli.Jobs.Checkpoints;

/// <summary>What says which checkpoint is meant, and which program reads it: the silo's, for only that has the models.</summary>
internal sealed class CheckpointArguments
{
    private readonly Argument<string> _job = new("job") { Description = "The job's id: the name of its folder among the checkpoints." };

    private readonly Option<string> _folder = new("--checkpoints")
    {
        Description = "Folder of the state vault's checkpoints; of a demo, the folder checkpoints in its --folder.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "checkpoints",
    };

    private readonly Option<int?> _step = Values.OptionalInt("--step", "The checkpoint's step. Default: the newest that is whole.", 0, int.MaxValue);
    private readonly Option<string?> _silo = new("--silo") { Description = "Parcae.Silo.dll. Default: found beside this command.", HelpName = "FILE" };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document on standard output and nothing else." };

    /// <summary>Adds them to a verb.</summary>
    public Command AddTo(Command command)
    {
        command.Arguments.Add(_job);
        foreach (var option in (Option[])[_folder, _step, _silo, _json]) command.Options.Add(option);
        return command;
    }

    /// <summary>Runs a verb of the silo's program on the checkpoint.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">The verb's own options; those without a value are left out.</param>
    /// <param name="context">Where its output goes.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<int> RunAsync(string verb, ParseResult parsed, IEnumerable<(string Name, string? Value)> options, CommandContext context, CancellationToken cancellation)
    {
        string silo = SiloLocator.Find(parsed.GetValue(_silo), AppContext.BaseDirectory, Environment.GetEnvironmentVariable(SiloLocator.Variable));
        (string Name, string? Value)[] all = [("--checkpoints", Path.GetFullPath(parsed.GetValue(_folder)!)), ("--job", parsed.GetValue(_job)), ("--step", $"{parsed.GetValue(_step)}"), .. options];
        // Joined by an equals sign: a prompt may begin with a dash.
        string[] arguments = [verb, .. all.Where(o => !string.IsNullOrEmpty(o.Value)).Select(o => $"{o.Name}={o.Value}"), .. parsed.GetValue(_json) ? ["--json"] : Array.Empty<string>()];
        return SiloTool.RunAsync(new SiloCommandLine(SiloLocator.DotnetHost(), silo).Tool(arguments), streams: verb == "generate", context, cancellation);
    }
}
