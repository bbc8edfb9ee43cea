using System.Diagnostics;
using System.Globalization;

namespace Parcae.Benchmarks.Processes;

/// <summary>A child process that is asked by a line on its standard input and answers with a line on its standard output; its errors pass through. It ends when it is disposed of.</summary>
internal sealed class LineProcess : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts a program.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables that it gets besides this process's own.</param>
    public LineProcess(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
    }

    /// <summary>Starts this program again, with other arguments.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="environment">Variables that it gets besides this process's own.</param>
    /// <param name="core">The only core that all its threads run on, or null: any.</param>
    public static LineProcess OfSelf(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, int? core = null)
    {
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "Parcae.Benchmarks.dll"), .. arguments];
        return core is { } only ? new("taskset", ["-c", $"{only}", .. command], environment) : new(command[0], command[1..], environment);
    }

    /// <summary>User and system time that the process has used so far, in seconds.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Asks and waits for the answer.</summary>
    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public string Ask(string question)
    {
        _process.StandardInput.WriteLine(question);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException($"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} ended when it was asked '{question}'.");
    }

    /// <summary>Asks for numbers, which come separated by spaces.</summary>
    public double[] AskNumbers(string question)
    {
        string answer = Ask(question);
        return [.. answer.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => double.TryParse(n, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new InvalidDataException($"{_process.StartInfo.FileName} answered '{question}' with '{answer}', which is not numbers."))];
    }

    public void Dispose()
    {
        // It ends by itself when its input does.
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10))) _process.Kill();
        _process.Dispose();
    }
}
