using System.CommandLine;
using System.CommandLine.Parsing;
using Parcae.Cli.Chaos;
using Parcae.Cli.Completing;
using Parcae.Cli.Demo;
using Parcae.Cli.Forecasting;
using Parcae.Cli.Instances;
using Parcae.Cli.Jobs;
using Parcae.Cli.Planning;
using Parcae.Cli.Profiling;
using Parcae.Cli.Replay;
using Parcae.Cli.Simulating;
using Parcae.Cli.Traces;
using Parcae.Client;

namespace Parcae.Cli.Commands;

/// <summary>The <c>parcae</c> command. Exit codes: 0 ok, 1 failed, 2 wrong usage; 128 + the signal's number when interrupted.</summary>
internal static class ParcaeCommand
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>Set to anything, failures come with their stack traces.</summary>
    private const string DebugVariable = "PARCAE_DEBUG";

    /// <summary>Runs the command line and turns failures into messages and exit codes.</summary>
    public static async Task<int> RunAsync(string[] args, CommandContext context, CancellationToken cancellation)
    {
        var root = Create(context);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in Messages(parsed)) await context.Error.WriteLineAsync($"parcae: {message}").ConfigureAwait(false);
            await context.Error.WriteLineAsync($"See '{PathOf(parsed.CommandResult)} --help'.").ConfigureAwait(false);
            return WrongUsage;
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = context.Output,
                Error = context.Error,
                // Both are ours: signals must end the children first, and messages have no stack traces.
                ProcessTerminationTimeout = null,
                EnableDefaultExceptionHandler = false,
            };
            return await parsed.InvokeAsync(configuration, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (e is OperationCanceledException && cancellation.IsCancellationRequested)
            {
                await context.Error.WriteLineAsync("parcae: interrupted.").ConfigureAwait(false);
                return context.Interruption?.ExitCode ?? Failed;
            }

            return await TellAsync(e, context).ConfigureAwait(false);
        }
    }

    private static async Task<int> TellAsync(Exception e, CommandContext context)
    {
        bool debug = Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 };
        // What can be explained says all in its message; of anything else the kind of failure helps too.
        bool explained = e is UsageException or CommandFailedException or ParcaeUnavailableException or JobSpecException or KeyNotFoundException or ArgumentException or InvalidDataException;
        string text = debug ? $"{e}" : explained ? e.Message : $"{e.GetType().Name}: {e.Message} ({DebugVariable}=1 shows where)";
        foreach (string line in text.Split('\n')) await context.Error.WriteLineAsync($"parcae: {line.TrimEnd('\r')}").ConfigureAwait(false);
        return e is UsageException ? WrongUsage : Failed;
    }

    /// <summary>Every verb.</summary>
    internal static RootCommand Create(CommandContext context)
    {
        var root = new RootCommand("Trains deep networks on preemptible instances.")
        {
            DemoCommand.Create((options, cancellation) => new DemoRunner(options, context).RunAsync(cancellation)),
            JobsCommand.Create(context),
            InstancesCommand.Create(context),
            ReplayCommand.Create(context),
            ChaosCommand.Create(context),
            SimulateCommand.Create(context),
            ForecastCommand.Create(context),
            PlanCommand.Create(context),
            ProfileCommand.Create(context),
            TraceCommand.Create(context),
            CompletionCommand.Create(context),
        };
        VerbHelp.Use(root, context);
        CompletionWords.Offer(root);
        return root;
    }

    /// <summary>The parser's messages; where a verb is wrong or missing, one of our own that says which there are.</summary>
    private static IEnumerable<string> Messages(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        if (command.Command.Subcommands.Count == 0) return parsed.Errors.Select(e => e.Message).Distinct();
        string verbs = string.Join(", ", command.Command.Subcommands.Select(c => c.Name));
        string path = PathOf(command);
        string? typed = parsed.UnmatchedTokens.FirstOrDefault(t => !t.StartsWith('-'));
        return [typed is null ? $"a verb is missing after '{path}'; it must be one of {verbs}." : $"'{typed}' is not a verb of '{path}'; it must be one of {verbs}."];
    }

    private static string PathOf(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? r = result; r is CommandResult c; r = c.Parent)
            names.Insert(0, c.Command is RootCommand ? "parcae" : c.Command.Name);
        return string.Join(' ', names);
    }
}
