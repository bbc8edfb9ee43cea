using Parcae.Cli.Commands;

namespace Parcae.Client.Tests;

/// <summary>A verb run in this process.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Error">What it complained of.</param>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    /// <summary>Runs a command line; its words have no spaces.</summary>
    public static Task<CommandRun> RunAsync(string line, bool terminal = false) => RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), terminal);

    /// <summary>Runs a command line of words.</summary>
    public static async Task<CommandRun> RunAsync(string[] words, bool terminal = false)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await ParcaeCommand.RunAsync(words, new CommandContext(output, TextWriter.Synchronized(error), terminal), TestContext.Current.CancellationToken);
        return new CommandRun(code, output.ToString(), error.ToString());
    }
}
