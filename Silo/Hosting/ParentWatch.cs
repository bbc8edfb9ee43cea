using System.Diagnostics;

namespace Parcae.Silo.Hosting;

/// <summary>
/// Ends this process when the one that started it is gone, even by SIGKILL. Not <c>PR_SET_PDEATHSIG</c>: that fires when the starting
/// <i>thread</i> ends, and a thread-pool thread ends whenever it likes.
/// </summary>
internal static class ParentWatch
{
    public static void Start(int parentPid)
    {
        Process parent;
        try
        {
            parent = Process.GetProcessById(parentPid);
        }
        catch (ArgumentException)
        {
            Environment.Exit(1);
            return;
        }
        new Thread(() =>
        {
            parent.WaitForExit();
            Process.GetCurrentProcess().Kill();
        })
        { IsBackground = true, Name = "parent-watch" }.Start();
    }
}
