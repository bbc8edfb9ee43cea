using System.Runtime.InteropServices;
using System.Text;

namespace Parcae.Silo.Absence;

/// <summary>
/// Replaces this process by a fresh run of its own program (execve): to everybody else it is as if it had been killed. No handler runs, all threads end, the system takes back the memory, the accelerator and every connection; to
/// whoever started it, it is the same process, still running, with the same standard streams.
/// </summary>
internal static class ProcessImage
{
    private const string Own = "/proc/self";
    private const int SetDescriptorFlags = 2, CloseOnExec = 1;
    private const int FirstOfOurs = 3;

    /// <summary>Whether this system can do it.</summary>
    public static bool CanBeReplaced => OperatingSystem.IsLinux();

    /// <summary>The arguments that this process was started with, the program's own name first.</summary>
    public static string[] Arguments => Strings("cmdline");

    /// <summary>Starts the program again in this process, with the environment that it was first started with. Does not return, unless the system refuses.</summary>
    /// <param name="arguments">As <see cref="Arguments"/>.</param>
    /// <exception cref="IOException">The system refuses; the process goes on as it was.</exception>
    public static void Replace(string[] arguments)
    {
        string program = Environment.ProcessPath ?? throw new IOException("The path of this process's program is not known.");
        DeleteDiagnosticsSocket();
        IntPtr path = Marshal.StringToCoTaskMemUTF8(program);
        IntPtr[] argv = Array(arguments), environment = Array(Strings("environ"));
        CloseAllOnExec();
        _ = Execute(path, argv, environment);

        int error = Marshal.GetLastPInvokeError();
        foreach (IntPtr text in (IntPtr[])[path, .. argv, .. environment]) Marshal.FreeCoTaskMem(text);
        throw new IOException($"'{program}' cannot be started again in this process: {Marshal.GetPInvokeErrorMessage(error)} ({error}).");
    }

    /// <summary>
    /// Native libraries (an accelerator's driver) may have opened files and connections that would live on. Their copies here do not: .NET's own are marked already.
    /// </summary>
    private static void CloseAllOnExec()
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries($"{Own}/fd"))
        {
            int descriptor = int.Parse(Path.GetFileName(entry));
            if (descriptor >= FirstOfOurs) _ = Control(descriptor, SetDescriptorFlags, CloseOnExec);
        }
    }

    /// <summary>The runtime's diagnostics socket is named after the process and the time of its start, which stay the same: the next run could not listen on it.</summary>
    private static void DeleteDiagnosticsSocket()
    {
        foreach (string socket in Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-*-socket")) File.Delete(socket);
    }

    /// <summary>Strings with a zero byte after each.</summary>
    private static string[] Strings(string file)
    {
        string all = Encoding.UTF8.GetString(File.ReadAllBytes($"{Own}/{file}"));
        return all.Length == 0 ? [] : (all[^1] == '\0' ? all[..^1] : all).Split('\0');
    }

    private static IntPtr[] Array(string[] strings) => [.. strings.Select(Marshal.StringToCoTaskMemUTF8), IntPtr.Zero];

    [DllImport("libc", EntryPoint = "execve", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32 | DllImportSearchPath.SafeDirectories)]
    private static extern int Execute(IntPtr path, IntPtr[] arguments, IntPtr[] environment);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32 | DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command, int value);
}
